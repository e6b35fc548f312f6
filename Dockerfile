# The server, and nothing that builds it. docs/deployment.md has the commands; tests/deploy/test_image.py carries out
# the steps of this file without a container engine.
ARG NODE=22
ARG PYTHON=3.13

FROM node:${NODE}-slim AS console
WORKDIR /src
COPY tools/console tools/
COPY clients/typescript clients/typescript
COPY clients/console clients/console
RUN REQUIRE_ALL=1 tools/console clients console

FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY deploy/docker/build.lock deploy/docker/server.lock deploy/docker/
RUN python3 -m venv /opt/build
RUN /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement deploy/docker/build.lock
# Without pip: nothing in the image installs anything any more.
RUN python3 -m venv --without-pip /opt/activity-session
RUN /opt/build/bin/pip --python /opt/activity-session/bin/python3 install --no-cache-dir --disable-pip-version-check \
    --require-hashes --requirement deploy/docker/server.lock
COPY LICENSE README.md pyproject.toml ./
COPY clients/python clients/python
COPY server server
COPY --from=console /src/console server/activity_session_server/http/console
RUN /opt/build/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir /opt/wheels ./clients/python .
RUN /opt/build/bin/pip --python /opt/activity-session/bin/python3 install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-index --find-links /opt/wheels activity-session-server activity-session

FROM python:${PYTHON}-slim
# By number, so that Kubernetes can see that it is not root.
RUN groupadd --gid 10001 activity-session \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin activity-session \
    && install --directory --owner 10001 --group 10001 --mode 0750 /data
COPY --from=build /opt/activity-session /opt/activity-session
ENV PATH=/opt/activity-session/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ACTIVITY_SESSION_ADDRESS=0.0.0.0:50051
USER 10001:10001
# SQLite's file is here, unless a setting names another database: mount a folder, or it goes with the container.
WORKDIR /data
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["activity-session", "health"]
# As a process of its own, without a shell before it: SIGTERM reaches it.
ENTRYPOINT ["activity-session"]
CMD ["serve"]
