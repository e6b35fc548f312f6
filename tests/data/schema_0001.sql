-- An SQLite database as the first migration and the version of its time wrote it: a text dump by sqlite3's iterdump.
-- It was filled through RPCs, except the memory, for which there was none yet; then the times at which something
-- expires were set to the year 9999, so that the content stays. It is never written again: it represents the
-- databases of users.
BEGIN TRANSACTION;
CREATE TABLE activity_session (
	pkid VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	enabled BOOLEAN DEFAULT 1 NOT NULL, 
	managed BOOLEAN DEFAULT 0 NOT NULL, 
	deleted BOOLEAN DEFAULT 0 NOT NULL, 
	revision BIGINT DEFAULT 1 NOT NULL, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	update_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	delete_ts DATETIME, 
	namespace_pkid VARCHAR(64) NOT NULL, 
	auto_created BOOLEAN DEFAULT 0 NOT NULL, 
	data TEXT, 
	settings JSON DEFAULT ('{}') NOT NULL, 
	labels JSON DEFAULT ('{}') NOT NULL, 
	last_sequence BIGINT DEFAULT 0 NOT NULL, 
	expire_ts DATETIME, 
	purge_ts DATETIME, 
	CONSTRAINT pk__activity_session PRIMARY KEY (pkid), 
	CONSTRAINT uc__activity_session__namespace_pkid__name UNIQUE (namespace_pkid, name), 
	CONSTRAINT fk__activity_session__namespace_pkid FOREIGN KEY(namespace_pkid) REFERENCES namespace (pkid)
);
INSERT INTO "activity_session" VALUES('activity_session-01a2040406587678ae1bf69f9bacd35d','talk 🌱','first
second',0,0,0,2,'2026-11-22 16:08:22.359827','2026-11-22 16:08:22.394559',NULL,'namespace-01a20404062a738192589717179ea5f3',0,'hello 🌱 ''quoted''
小林','{"memory":{"get_top_k_vectors":7},"sync_chat":true}','{"team":"blue"}',0,NULL,NULL);
INSERT INTO "activity_session" VALUES('activity_session-01a20404069275709d4a283d48233403','gone',NULL,1,0,1,2,'2026-11-22 16:08:22.418314','2026-11-22 16:08:22.426565','2026-11-22 16:08:22.426565','namespace-01a20404062a738192589717179ea5f3',0,NULL,'{}','{}',0,NULL,'9999-01-01 00:00:00.000000');
INSERT INTO "activity_session" VALUES('activity_session-01a2040406b37dc6804c17228233380d','once',NULL,1,0,0,1,'2026-11-22 16:08:22.450509','2026-11-22 16:08:22.450509',NULL,'namespace-01a2040405f57000b3fa24402056debc',0,'x','{}','{}',0,NULL,NULL);
CREATE TABLE activity_session_alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT activity_session_alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "activity_session_alembic_version" VALUES('0001');
CREATE TABLE activity_session_participant (
	activity_session_pkid VARCHAR(64) NOT NULL, 
	participant_pkid VARCHAR(64) NOT NULL, 
	role VARCHAR(64) DEFAULT '' NOT NULL, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	last_read_sequence BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk__activity_session_participant PRIMARY KEY (activity_session_pkid, participant_pkid), 
	CONSTRAINT fk__activity_session_participant__activity_session_pkid FOREIGN KEY(activity_session_pkid) REFERENCES activity_session (pkid), 
	CONSTRAINT fk__activity_session_participant__participant_pkid FOREIGN KEY(participant_pkid) REFERENCES participant (pkid)
);
INSERT INTO "activity_session_participant" VALUES('activity_session-01a2040406587678ae1bf69f9bacd35d','participant-01a2040406347d489cf89528c7e3561f','guest','2026-11-22 16:08:22.359827',0);
INSERT INTO "activity_session_participant" VALUES('activity_session-01a2040406587678ae1bf69f9bacd35d','participant-01a20404065270cfa0185f928703bb50','guest','2026-11-22 16:08:22.359827',0);
CREATE TABLE memory (
	pkid VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	enabled BOOLEAN DEFAULT 1 NOT NULL, 
	managed BOOLEAN DEFAULT 0 NOT NULL, 
	deleted BOOLEAN DEFAULT 0 NOT NULL, 
	revision BIGINT DEFAULT 1 NOT NULL, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	update_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	delete_ts DATETIME, 
	activity_session_pkid VARCHAR(64) NOT NULL, 
	agent_pkid VARCHAR(64) NOT NULL, 
	memory_type VARCHAR(16) NOT NULL, 
	importance INTEGER DEFAULT 0 NOT NULL, 
	access_count BIGINT DEFAULT 0 NOT NULL, 
	accessed DATETIME, 
	memo TEXT, 
	content TEXT NOT NULL, 
	CONSTRAINT pk__memory PRIMARY KEY (pkid), 
	CONSTRAINT fk__memory__activity_session_pkid FOREIGN KEY(activity_session_pkid) REFERENCES activity_session (pkid), 
	CONSTRAINT fk__memory__agent_pkid FOREIGN KEY(agent_pkid) REFERENCES participant (pkid)
);
INSERT INTO "memory" VALUES('memory-1','m1',NULL,1,0,0,1,'2026-11-22 16:08:22.463000','2026-11-22 16:08:22.463000',NULL,'activity_session-01a2040406587678ae1bf69f9bacd35d','participant-01a20404065270cfa0185f928703bb50','OBSERVATION',3,0,NULL,NULL,'Kim likes 🌱');
CREATE TABLE namespace (
	pkid VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	enabled BOOLEAN DEFAULT 1 NOT NULL, 
	managed BOOLEAN DEFAULT 0 NOT NULL, 
	deleted BOOLEAN DEFAULT 0 NOT NULL, 
	revision BIGINT DEFAULT 1 NOT NULL, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	update_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	delete_ts DATETIME, 
	settings JSON DEFAULT ('{}') NOT NULL, 
	CONSTRAINT pk__namespace PRIMARY KEY (pkid), 
	CONSTRAINT uc__namespace__name UNIQUE (name)
);
INSERT INTO "namespace" VALUES('namespace-01a2040405f57000b3fa24402056debc','default',NULL,1,0,0,1,'2026-11-22 16:08:22.261000','2026-11-22 16:08:22.261000',NULL,'{}');
INSERT INTO "namespace" VALUES('namespace-01a20404062a738192589717179ea5f3','Café','all of it',1,0,0,1,'2026-11-22 16:08:22.314319','2026-11-22 16:08:22.314319',NULL,'{"purge_age":"P10Y"}');
CREATE TABLE participant (
	pkid VARCHAR(64) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description TEXT, 
	enabled BOOLEAN DEFAULT 1 NOT NULL, 
	managed BOOLEAN DEFAULT 0 NOT NULL, 
	deleted BOOLEAN DEFAULT 0 NOT NULL, 
	revision BIGINT DEFAULT 1 NOT NULL, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	update_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	delete_ts DATETIME, 
	namespace_pkid VARCHAR(64) NOT NULL, 
	participant_type VARCHAR(16) NOT NULL, 
	participant_create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk__participant PRIMARY KEY (pkid), 
	CONSTRAINT uc__participant__namespace_pkid__name UNIQUE (namespace_pkid, name), 
	CONSTRAINT fk__participant__namespace_pkid FOREIGN KEY(namespace_pkid) REFERENCES namespace (pkid)
);
INSERT INTO "participant" VALUES('participant-01a2040406347d489cf89528c7e3561f','kim','a person',1,0,0,1,'2026-11-22 16:08:22.320697','2026-11-22 16:08:22.320697',NULL,'namespace-01a20404062a738192589717179ea5f3','USER','2026-11-22 16:08:22.320697');
INSERT INTO "participant" VALUES('participant-01a20404065270cfa0185f928703bb50','Kim',NULL,1,0,0,1,'2026-11-22 16:08:22.353777','2026-11-22 16:08:22.353777',NULL,'namespace-01a20404062a738192589717179ea5f3','AGENT','2026-11-22 16:08:22.353777');
CREATE TABLE request (
	scope VARCHAR(255) NOT NULL, 
	request_id VARCHAR(128) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	answer BLOB, 
	create_ts DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	expire_ts DATETIME NOT NULL, 
	CONSTRAINT pk__request PRIMARY KEY (scope, request_id)
);
INSERT INTO "request" VALUES('default','request-1','de0bd4dfcfb9f9a7f00c44270ea0523a35d8f81527ba8111fee64db3beddb014',X'0A2F747970652E676F6F676C65617069732E636F6D2F61637469766974795F73657373696F6E2E76312E53657373696F6E12CD010A206E616D657370616365732F64656661756C742F73657373696F6E732F6F6E6365123161637469766974795F73657373696F6E2D303161323034303430366233376463363830346331373232383233333338306420013A017842460A40080A1001180A20002801301439333333333333E33F41333333333333D33F499A9999999999B93F50015819619A9999999999D93F680170007805800105880105180020006A0C08F6A68CD80610C8F1E8D601720C08F6A68CD80610C8F1E8D60192010C2238323333333830642D3122','2026-11-22 16:08:22.450509','9999-01-01 00:00:00.000000');
CREATE INDEX idx__namespace__create_ts ON namespace (create_ts, pkid);
CREATE INDEX idx__namespace__update_ts ON namespace (update_ts, pkid);
CREATE INDEX idx__participant__namespace_pkid__create_ts ON participant (namespace_pkid, create_ts, pkid);
CREATE INDEX idx__participant__namespace_pkid__update_ts ON participant (namespace_pkid, update_ts, pkid);
CREATE INDEX idx__activity_session__namespace_pkid__name ON activity_session (namespace_pkid, name);
CREATE INDEX idx__activity_session__expire_ts ON activity_session (expire_ts);
CREATE INDEX idx__activity_session__purge_ts ON activity_session (purge_ts);
CREATE INDEX idx__activity_session__namespace_pkid__create_ts ON activity_session (namespace_pkid, create_ts, pkid);
CREATE INDEX idx__activity_session__namespace_pkid__update_ts ON activity_session (namespace_pkid, update_ts, pkid);
CREATE INDEX idx__activity_session_participant__participant_pkid ON activity_session_participant (participant_pkid);
CREATE INDEX idx__memory__activity_session_pkid ON memory (activity_session_pkid);
CREATE INDEX idx__memory__agent_pkid ON memory (agent_pkid);
CREATE INDEX idx__request__expire_ts ON request (expire_ts);
COMMIT;
