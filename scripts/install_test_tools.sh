#!/bin/sh
# Bring what `make test-slow` needs besides Python: Chromium, curl, a Docker engine that answers, Docker Compose,
# and a registry's program. On Debian, as root, they are installed; elsewhere this says what is missing. It may
# run again at any time.
set -eu
cd "$(dirname "$0")/.."
starter=${RETAILREC_CONTAINER_ENGINE:-../shared/tools/container-engine}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

update() { [ -n "${updated:-}" ] || { apt-get update -qq; updated=yes; }; }

install() {
    echo "Installing $*"
    update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The program alone: the package would also start a registry that listens to the network.
install_registry() {
    echo "Installing docker-registry's program"
    update
    folder=$(mktemp -d)
    (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq docker-registry && dpkg-deb -x docker-registry_*.deb .)
    cp "$folder/usr/bin/docker-registry" /usr/local/bin/
    rm -rf "$folder"
}

docker_answers() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

compose_answers() {
    command -v docker-compose >/dev/null || docker compose version 2>/dev/null | grep -q v2
}

start_docker() {
    mkdir -p build
    setsid dockerd >build/dockerd.log 2>&1 </dev/null &
    for _ in $(seq 60); do
        if docker_answers; then return; fi
        sleep 1
    done
}

if ! command -v curl >/dev/null && may_install; then
    install curl
fi
if ! command -v chromium >/dev/null && may_install; then
    install chromium
fi
if ! command -v docker-registry >/dev/null && may_install; then
    install_registry
fi
if [ -f "$starter" ]; then
    "$starter"
elif ! docker_answers && may_install; then
    command -v dockerd >/dev/null || install docker.io
    command -v docker >/dev/null || install docker-cli # a package of its own since Debian 13
    start_docker
fi
if ! compose_answers && may_install; then
    install docker-compose
fi

command -v chromium >/dev/null || echo "Chromium is missing: install it so that it is on the PATH." >&2
docker_answers || echo "No Docker engine answers: install Docker and start it." >&2
compose_answers || echo "Docker Compose 2 is missing: install it so that \`docker compose version\` answers." >&2
command -v docker-registry >/dev/null || echo "docker-registry is missing: install it so that it is on the PATH." >&2
