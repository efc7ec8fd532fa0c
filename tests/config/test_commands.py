"""What a command line gives away."""

import pytest

from vigild.config.commands import DAEMONIZERS, daemonizer, effective_words, is_jvm, shell_syntax, split


def words(command: str) -> list[str]:
    found = split(command)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("leaving", "staying"),
    [
        ("nginx -c /etc/nginx.conf", "nginx -g 'daemon off;'"),
        ("/usr/sbin/nginx", "nginx -t"),
        ("php-fpm7.4 -c x", "php-fpm8.2 -F"),
        ("php-fpm -R", "php-fpm --nodaemonize"),
        ("redis-server /etc/redis/redis.conf", "redis-server /etc/redis/redis.conf --daemonize no"),
        ("redis-server --daemonize yes", "redis-server --port 1"),
        ("mongod --fork --logpath x", "mongod --dbpath x"),
        ("apachectl start", "apachectl -D FOREGROUND"),
        ("/usr/sbin/apache2 -k start", "apache2 -DFOREGROUND"),
        ("httpd", "httpd -X"),
        ("mysqld_safe", "mysqld --user=mysql"),
        ("memcached -u www -vd", "memcached -u www"),
        ("pg_ctl -D x start", "pg_ctl -D x status"),
        ("/usr/sbin/sshd", "/usr/sbin/sshd -De"),
        ("cron", "cron -f"),
        ("crond", "crond -n"),
        ("rsyslogd", "rsyslogd -n"),
        ("haproxy -f x -D", "haproxy -f x -db"),
        ("dnsmasq", "dnsmasq --keep-in-foreground"),
        ("dnsmasq -C x", "dnsmasq -k"),
        ("postfix start", "postfix start-fg"),
        ("squid", "squid -N"),
        ("squid -f x", "squid --foreground"),
        ("vsftpd -obackground=YES", "vsftpd"),
        ("dbus-daemon --system", "dbus-daemon --system --nofork"),
        ("dbus-daemon --session --fork", "dbus-daemon --session"),
        ("supervisord -c x", "supervisord -n"),
        ("supervisord", "supervisord --nodaemon"),
        ("uwsgi --daemonize=/log", "uwsgi --ini x"),
        ("gunicorn -D app:app", "gunicorn app:app"),
        ("celery multi start w", "celery worker"),
        ("celery worker --detach", "celery beat"),
        ("docker run -d x", "docker run x"),
        ("catalina.sh start", "catalina.sh run"),
        ("service nginx start", "true"),
        ("/etc/init.d/x start", "/opt/init.d/x start"),
        ("bash -c 'cd /x && exec nginx'", "bash -c 'cd /x && exec nginx -g \"daemon off;\"'"),
        ("env A=1 nohup nginx", "env A=1 sleep 5"),
        ("sh -c 'exec sshd;'", "sh -c ''"),
        ("memcached --daemon", 'sh -c "unclosed \' quote"'),
    ],
)
def test_programs_that_leave_the_foreground(leaving: str, staying: str) -> None:
    assert daemonizer(words(leaving)) is not None
    assert daemonizer(words(staying)) is None


def test_every_known_program_has_a_remedy() -> None:
    assert all(known.remedy for known in DAEMONIZERS)


@pytest.mark.parametrize(
    ("command", "syntax"),
    [
        ("a | b", "|"),
        ("a > /log", ">"),
        ("a 2>&1", "2>&1"),
        ("a && b", "&&"),
        ("a &", "&"),
        ("a $HOME/x", "$HOME"),
        ("a ${HOME}", "${HOME}"),
        ("a `date`", "`"),
        ("a $(date)", "$("),
        ("a ~/x", "~/x"),
        ("A=1 b", "A="),
        ("awk '{print $NF}' x", None),
        ("bash -lc 'a | b'", None),
        ("su - me -c 'a | b'", None),
        ("a b", None),
        ("", None),
    ],
)
def test_shell_syntax_that_no_shell_reads(command: str, syntax: str | None) -> None:
    assert shell_syntax(command, words(command)) == syntax


def test_a_quote_that_is_not_closed_cannot_be_split() -> None:
    assert split("a 'b") is None


@pytest.mark.parametrize(
    ("command", "jvm"),
    [
        ("/usr/bin/java -jar x.jar", True),
        ("bash -c 'exec java -cp x Main'", True),
        ("/opt/kafka/bin/kafka-server-start.sh x", True),
        ("javascript x", False),
        ("sh -c", False),
    ],
)
def test_java_virtual_machines(command: str, jvm: bool) -> None:
    assert is_jvm(words(command)) is jvm


def test_the_program_behind_wrappers() -> None:
    assert effective_words(words("sudo env A=1 exec x y")) == ["x", "y"]
    assert effective_words(["sh", "x", "-c"]) == []
