"""What conflux-sidecar tells on which server, and to whom."""

import os
import queue
import socket
import subprocess
from concurrent import futures

import grpc

from harness import SIDECAR, Client, SidecarTest, eventually, main, value_of

Status = grpc.StatusCode
SERVICES = ["conflux.metrics.v1.MetricsService", "conflux.metrics.v1.TunnelService"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority for one test."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate = directory / f"{name}.crt"
        self.key = directory / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", self.key,
                "-out", self.certificate)

    def issue(self, name, days=2):
        """Certificate and key for a server on loopback or a client."""
        key, request = self.directory / f"{name}.key", self.directory / f"{name}.csr"
        certificate, extension = self.directory / f"{name}.crt", self.directory / f"{name}.ext"
        extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-days", days, "-extfile", extension, "-out", certificate)
        return certificate, key


class UnixSocketServer(SidecarTest):
    def test_lists_its_services_by_reflection(self):
        self.start()
        services = self.client().services()
        for service in (*SERVICES, "grpc.health.v1.Health"):
            self.assertIn(service, services)

    def test_says_of_each_service_whether_a_proxy_lives(self):
        self.start()
        client = self.client()
        self.assertEqual(client.health(), "SERVING")
        for service in SERVICES:
            self.assertEqual(client.health(service), "NOT_SERVING")
        proxy = self.proxy()
        for service in SERVICES:
            eventually(lambda it=service: client.health(it) == "SERVING", "SERVING")
        proxy.kill()
        for service in SERVICES:
            eventually(lambda it=service: client.health(it) == "NOT_SERVING", "NOT_SERVING")
        self.assertEqual(client.health(), "SERVING", "the process itself")
        self.assert_status(Status.NOT_FOUND, lambda: client.health("somebody.Else"))


class PlainTcpServer(SidecarTest):
    def setUp(self):
        super().setUp()
        self.proxy(slots=4).tell("tunnels 2")
        sidecar = self.start("grpc.listen: 127.0.0.1:0")
        line, _ = sidecar.wait_for("gRPC on 127.0.0.1:")
        self.tcp = self.client(line.split(" on ")[1])

    def test_tells_sums(self):
        region = self.tcp.snapshot().regions[0]
        self.assertEqual(value_of(region, "conflux_tunnels"), 0)

    def test_tells_nothing_of_single_tunnels(self):
        self.assertEqual(self.client().tunnels().total, 2)
        self.assert_status(Status.UNIMPLEMENTED, self.tcp.tunnels)
        self.assert_status(Status.UNIMPLEMENTED, lambda: next(self.tcp.watch_tunnels()))

    def test_has_neither_reflection_nor_health(self):
        self.assert_status(Status.UNIMPLEMENTED, self.tcp.services)
        self.assert_status(Status.UNIMPLEMENTED, self.tcp.health)


class MutualTls(SidecarTest):
    def setUp(self):
        super().setUp()
        self.pki = self.home / "pki"
        self.pki.mkdir()
        self.servers = Authority(self.pki, "servers")
        self.clients = Authority(self.pki, "clients")
        self.files = {"certificate": self.home / "a.crt", "key": self.home / "a.key",
                      "client_ca": self.home / "ca.crt"}
        self.install(*self.servers.issue("server"), self.clients.certificate)
        self.proxy()

    def install(self, certificate, key, authority):
        """As rotation does it: by rename."""
        for name, source in (("certificate", certificate), ("key", key), ("client_ca", authority)):
            draft = self.home / "draft"
            draft.write_bytes(source.read_bytes())
            os.rename(draft, self.files[name])

    def serve(self):
        tls = ", ".join(f"{name}: {path}" for name, path in self.files.items())
        sidecar = self.start("grpc.listen: 127.0.0.1:0", f"grpc.tls: {{{tls}}}")
        line, _ = sidecar.wait_for("gRPC on 127.0.0.1:")
        self.assertIn("with mTLS", line)
        self.target = line.split(" on ")[1].split()[0]
        return sidecar

    def ask(self, authority, identity=None):
        """A snapshot over a connection of its own."""
        certificate, key = identity or (None, None)
        credentials = grpc.ssl_channel_credentials(
            authority.certificate.read_bytes(), key and key.read_bytes(),
            certificate and certificate.read_bytes())
        # Without this, channels with equal credentials share a connection.
        client = Client(self.target, credentials, [("grpc.use_local_subchannel_pool", 1)])
        try:
            return client.snapshot()
        finally:
            client.channel.close()

    def refuses(self, authority, identity=None):
        try:
            self.ask(authority, identity)
            return False
        except grpc.RpcError as error:
            self.assertEqual(error.code(), Status.UNAVAILABLE)
            return True

    def test_lets_a_client_of_the_authority_in(self):
        self.serve()
        self.assertEqual(len(self.ask(self.servers, self.clients.issue("tool")).regions), 1)

    def test_refuses_a_client_without_a_certificate(self):
        self.serve()
        self.assertTrue(self.refuses(self.servers))
        plain = self.client(self.target)
        self.assert_status(Status.UNAVAILABLE, plain.snapshot)

    def test_refuses_a_client_of_another_authority(self):
        self.serve()
        others = Authority(self.pki, "others")
        self.assertTrue(self.refuses(self.servers, others.issue("stranger")))
        self.assertTrue(self.refuses(self.servers, self.servers.issue("colleague")))

    def test_follows_rotation_without_a_restart(self):
        self.serve()
        old_client = self.clients.issue("old-tool")
        self.ask(self.servers, old_client)
        next_servers = Authority(self.pki, "next-servers")
        next_clients = Authority(self.pki, "next-clients")
        new_client = next_clients.issue("new-tool")
        self.install(*next_servers.issue("next-server"), next_clients.certificate)
        eventually(lambda: not self.refuses(next_servers, new_client), "the new certificates")
        self.assertTrue(self.refuses(next_servers, old_client), "the old authority is out")
        self.assertTrue(self.refuses(self.servers, new_client), "the old certificate is gone")

    def test_says_what_is_wrong_with_its_files(self):
        other_key = self.servers.issue("other")[1]
        tls = ", ".join(f"{name}: {path}" for name, path in self.files.items())
        self.configure("grpc.listen: 127.0.0.1:0", f"grpc.tls: {{{tls}}}")
        for name, content, text in (
                ("key", other_key.read_bytes(), "not the key of the certificate"),
                ("key", b"", "no key in it"),
                ("certificate", b"-----", "no certificate in it"),
                ("client_ca", None, "No such file or directory; name a file")):
            with self.subTest(text):
                before = self.files[name].read_bytes()
                if content is None:
                    self.files[name].unlink()
                else:
                    self.files[name].write_bytes(content)
                self.assert_check_fails(text)
                self.files[name].write_bytes(before)

    def test_does_not_start_with_a_certificate_that_has_expired(self):
        certificate, key = self.servers.issue("late", days=-1)
        self.install(certificate, key, self.clients.certificate)
        tls = ", ".join(f"{name}: {path}" for name, path in self.files.items())
        self.configure("grpc.listen: 127.0.0.1:0", f"grpc.tls: {{{tls}}}")
        self.assert_check_fails("the certificate has expired")

    def assert_check_fails(self, text):
        for arguments, code in ((["--check"], 78), ([], 69)):
            result = subprocess.run([SIDECAR, "--config", str(self.config), *arguments],
                                    capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(text, result.stderr)


class Collector:
    """An OTLP receiver that keeps what it gets, as bytes."""

    def __init__(self):
        self.requests = queue.Queue()
        self.server = grpc.server(futures.ThreadPoolExecutor(1))
        handler = grpc.unary_unary_rpc_method_handler(self.export)
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "opentelemetry.proto.collector.metrics.v1.MetricsService", {"Export": handler}),))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def export(self, request, _):
        self.requests.put(request)
        return b""


class Exporters(SidecarTest):
    def scrape(self, path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(path))
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
                               b"Connection: close\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def test_prometheus_scrapes_a_client_on_a_unix_socket(self):
        self.proxy().tell("set conflux_tunnels 0 16")
        path = self.home / "metrics.sock"
        self.start(f"prometheus: {{listen: 'unix:{path}'}}", profile="stock")
        text = self.scrape(path)
        self.assertIn("200", text.splitlines()[0])
        self.assertRegex(text, r"(?m)^conflux_tunnels\{[^}]*\} 16$")

    def test_prometheus_hears_of_a_refused_reload(self):
        path = self.home / "metrics.sock"
        sidecar = self.start(f"prometheus: {{listen: 'unix:{path}'}}")
        good = r"(?m)^conflux_sidecar_config_last_reload_successful(\{[^}]*\})? "
        self.assertRegex(self.scrape(path), good + "1$")
        self.config.write_text("version: 2\n", encoding="utf-8")
        sidecar.hang_up()
        sidecar.wait_for("reload refused")
        self.assertRegex(self.scrape(path), good + "0$")

    def test_a_collector_is_pushed_to_and_another_one_after_a_reload(self):
        self.proxy().tell("set conflux_tunnels 0 16")
        first, second = Collector(), Collector()
        for collector in (first, second):
            self.addCleanup(collector.server.stop, 0)
        sidecar = self.start(f"otlp: {{endpoint: 'http://127.0.0.1:{first.port}', interval: 1s}}")
        self.assertIn(b"conflux_tunnels", first.requests.get(timeout=20))
        self.configure(f"otlp: {{endpoint: 'http://127.0.0.1:{second.port}', interval: 1s}}")
        self.assertIn("reloaded", sidecar.hang_up()[0])
        self.assertIn(b"conflux_tunnels", second.requests.get(timeout=20))


if __name__ == "__main__":
    main()
