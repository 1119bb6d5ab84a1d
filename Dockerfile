# seedwatch in a container: docs/install.md says how to run it, compose.yaml is an example.
#
#   docker build -t seedwatch .
#   docker build -t seedwatch --build-arg EXTRAS=[postgres] .
#
# The Python that the tests run on; a newer one that the package allows may be named.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ARG EXTRAS=
WORKDIR /src
# Every file is held to its hash here, once. Wheels only: nothing runs code of others to be built.
COPY requirements.lock ./
RUN ["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", \
     "--only-binary", ":all:", "--dest", "/wheels", "-r", "requirements.lock"]
COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY config config
COPY seeds seeds
COPY systemd systemd
COPY docs/man docs/man
RUN ["pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action", "ignore", \
     "--no-index", "--find-links", "/wheels", "hatchling"]
RUN ["python", "-m", "hatchling", "build", "-t", "wheel", "-d", "/wheels"]
# The lock holds the developers' tools, too. From its files, and with no index to ask, pip takes
# what the program needs, at the version of the lock, since there is no other.
RUN ["python", "-m", "venv", "--without-pip", "/opt/seedwatch"]
RUN ["pip", "--python", "/opt/seedwatch/bin/python", "install", "--quiet", \
     "--disable-pip-version-check", "--no-index", "--find-links", "/wheels", "seedwatch${EXTRAS}"]

FROM python:${PYTHON_VERSION}-slim-bookworm
LABEL org.opencontainers.image.title="seedwatch" \
      org.opencontainers.image.description="Watches news feeds and tells, once, when a story moves" \
      org.opencontainers.image.licenses="MIT"
# A number, so that an orchestrator can see that it is not root. A volume that is made for the
# folder takes over its owner.
RUN ["groupadd", "--system", "--gid", "10001", "seedwatch"]
RUN ["useradd", "--system", "--uid", "10001", "--gid", "10001", "--no-create-home", \
     "--home-dir", "/var/lib/seedwatch", "--shell", "/usr/sbin/nologin", "seedwatch"]
RUN ["install", "--directory", "--mode", "0700", "--owner", "10001", "--group", "10001", \
     "/var/lib/seedwatch"]
COPY --from=build /opt/seedwatch /opt/seedwatch
ENV PATH=/opt/seedwatch/bin:$PATH \
    SEEDWATCH_CONFIG=/etc/seedwatch/config/seedwatch.yaml \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/seedwatch
VOLUME ["/var/lib/seedwatch"]
# It answers SIGTERM itself, in good order within ten seconds, and waits for each process that it
# starts: as process 1 it needs no init before it.
STOPSIGNAL SIGTERM
# Fails if the configuration is wrong or the database cannot be used. A start of Python each time,
# so not often.
HEALTHCHECK --interval=5m --timeout=60s --start-period=2m --retries=3 \
    CMD ["seedwatch", "status", "--json"]
ENTRYPOINT ["seedwatch"]
CMD ["run"]
