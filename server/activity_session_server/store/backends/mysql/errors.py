"""The numbers of MariaDB's and MySQL's errors, by what they mean."""

from collections.abc import Container

from activity_session_server.store.backends.backend import Code, Errors


class _AllBut:
    """All numbers of errors but some."""

    def __init__(self, *some: Container[Code]) -> None:
        self._some = some

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number >= 0 and not any(number in numbers for numbers in self._some)


# 1213 deadlock, also a lost certification on Galera; 3101 the same in Group Replication; 1205 lock wait; 1020 the row
# changed under a snapshot (the default from MariaDB 11.8 on); 3572 a lock that others have; 8002, 8005, 8022 and 9007
# write conflicts of TiDB; 1040, 1203 and 1226 all connections are in use, or all that the user may have.
_CONTENTION = {1020, 1040, 1203, 1205, 1213, 1226, 3101, 3572, 8002, 8005, 8022, 9007}
_INTERRUPTED = {1317}
_TIMEOUT = {1969, 3024}
_DUPLICATE = {1062}
# What is wrong with a statement or its values: mistakes of ours, which stay what they are. All other errors are a
# condition of the database, or of a proxy before it, also those that nobody has heard of yet.
_MISTAKES = {1046, 1048, 1050, 1051, 1052, 1091, 1093, 1096, 1099, 1100, 1115, 1172, 1176, 1179, 1193, 1210, 1221}
_MISTAKES |= {*range(1054, 1076), *range(1101, 1104), *range(1106, 1114), *range(1117, 1123)}
_MISTAKES |= {1136, 1138, 1139, 1140, 1146, 1149, 1166, 1222, 1239, 1241, 1242, 1247, 1248, 1250, 1253, 1267}
_MISTAKES |= {*range(1215, 1218), *range(1228, 1236), *range(1262, 1266), *range(1270, 1274), *range(1364, 1368)}
_MISTAKES |= {1292, 1300, 1305, 1318, 1390, 1406, 1411, 1425, 1426, 1439, 1441, 1451, 1452, 1463}
_MISTAKES |= {1582, 1583, 1584, 1690, 3819, 4025}
# JSON, of MySQL and of MariaDB.
_MISTAKES |= {*range(3140, 3159), *range(4035, 4045)}
# A right on a table, or on a column, is missing.
_DENIED = {1142, 1143}
_SENTENCES: dict[Code, str] = {
    # Modes of the server, and a lock on all tables.
    **dict.fromkeys((1223, 1290, 1792, 1836), "the database is read-only"),
    **dict.fromkeys((1021, 1114), "the database's disk is full"),
    **dict.fromkeys((1037, 1038, 1041, 1197, 1206), "the database has no memory left for this"),
    # 1227 is a right of administrators, 1370 one to run a function.
    **dict.fromkeys((*_DENIED, 1227, 1370), "the database refuses a right that the server needs"),
    **dict.fromkeys(
        (1044, 1045, 1049, 1130, 1524, 1698, 1820, 1862, 2059, 3118, 3955, 4151),
        "the database refuses the server's account",
    ),
    **dict.fromkeys((1040, 1203, 1226), "the database has no connection left"),
    1180: "the database could not commit",
    3032: "the database is in offline mode",
    3159: "the database refuses connections without TLS",
}
ERRORS = Errors(
    contention=_CONTENTION,
    interrupted=_INTERRUPTED,
    unreachable=_AllBut(_CONTENTION, _INTERRUPTED, _TIMEOUT, _DUPLICATE, _MISTAKES),
    # 1047 not in the primary component, 1053 shutting down, 2xxx no connection.
    away={1047, 1053, 2002, 2003, 2006, 2013},
    # 1053 what MySQL says of a KILL too, 1927 a KILL, 4031 idle for too long.
    cut={1053, 1927, 2006, 2013, 4031},
    timeout=_TIMEOUT,
    duplicate=_DUPLICATE,
    denied=_DENIED,
    sentences=_SENTENCES,
)
