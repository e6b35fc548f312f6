"""The time of a session's newest event, where others than servers of this version have written."""

from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from sqlalchemy import text

from activity_session.v1.session_pb2 import SESSION_VIEW_PREVIEW, Session
from activity_session.v1.session_service_pb2 import GetSessionRequest, ListSessionsRequest
from activity_session_server.store import schema
from activity_session_server.store.migrations import versions
from activity_session_testing.backends import KEEPING_BACKENDS
