#!/bin/sh
# Install the real servers that tests/recipes runs under Vigil: nginx, Redis, MariaDB, PostgreSQL, PHP-FPM, a JDK;
# the shells and readers of man pages that tests/cli and tests/docs ask; Chromium with Chinese letters, in which tests/browser looks at the console;
# systemd, whose `systemd-analyze` checks the unit that `vigil systemd-unit` prints, and whose journald takes forwarded output;
# and rsyslog, which takes it too.
#
# Debian and Ubuntu, as root. What is already there is left alone; with everything there it does nothing and
# needs no network. Debian starts a service as soon as its package is unpacked: a policy-rc.d that says
# "not allowed" stands in the way for as long as this script runs, and the administrator's own comes back afterwards.
#
# Usage: scripts/install_recipes.sh [--check]     --check installs nothing; exit 1 when something is missing
set -eu

policy=/usr/sbin/policy-rc.d
kept=

# Each line: the package, and a command that succeeds when what the recipe needs from it is there.
missing_packages() {
    on_path nginx || echo nginx
    on_path redis-server || echo redis-server
    on_path mariadbd mysqld || echo mariadb-server
    [ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || on_path postgres || echo postgresql
    [ -n "$(ls /usr/sbin/php-fpm* 2>/dev/null)" ] || echo php-fpm
    on_path python3 || echo python3
    on_path zsh || echo zsh
    on_path fish || echo fish
    on_path groff || echo groff
    on_path man || echo man-db
    on_path chromium chromium-browser google-chrome || echo chromium
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || echo fonts-noto-cjk
    on_path systemd-analyze || echo systemd
    on_path rsyslogd || echo rsyslog
    [ -n "$(ls /usr/lib/*/rsyslog/lmnsd_gtls.so /usr/lib*/rsyslog/lmnsd_gtls.so 2>/dev/null)" ] || echo rsyslog-gnutls
    # A runtime alone cannot run `java Main.java`: that takes the compiler's module.
    { on_path java && java --list-modules | grep -q '^jdk\.compiler'; } || echo default-jdk-headless
}

# True when one of the names is a command; servers live in sbin, which a plain user's PATH may lack.
on_path() {
    for name in "$@"; do
        if PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin" command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

forbid_service_starts() {
    trap allow_service_starts EXIT
    trap 'exit 1' HUP INT TERM
    if [ -e "$policy" ]; then
        kept="$policy.kept-by-recipes"
        mv "$policy" "$kept"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

allow_service_starts() {
    rm -f "$policy"
    if [ -n "$kept" ]; then mv "$kept" "$policy"; fi
}

# Where systemd runs, a package also enables its unit; the tests want the program and not the service.
disable_services() {
    [ -d /run/systemd/system ] || return 0
    for package in "$@"; do
        case "$package" in
            mariadb-server) unit=mariadb.service ;;
            php-fpm) unit="php*-fpm.service" ;;
            default-jdk-headless | systemd | rsyslog-gnutls | chromium | fonts-noto-cjk | zsh | fish | groff | man-db) continue ;;
            *) unit="$package.service" ;;
        esac
        for found in $(systemctl list-unit-files --no-legend "$unit" | cut -d ' ' -f 1); do
            systemctl disable --now --quiet "$found"
        done
    done
}

packages=$(missing_packages | tr '\n' ' ')
if [ -z "$packages" ]; then
    echo "recipes: every server is there"
    exit 0
fi
if [ "${1:-}" = --check ]; then
    echo "recipes: missing $packages" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "recipes: cannot install $packages: it takes apt-get and root; install them by hand, or let their tests skip" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
forbid_service_starts
apt-get update -qq
# Recommended packages bring mail servers and fonts; the recipes need none of them.
# shellcheck disable=SC2086  # one word a package
apt-get install -qq --yes --no-install-recommends $packages >/dev/null
disable_services $packages
echo "recipes: installed $packages"
