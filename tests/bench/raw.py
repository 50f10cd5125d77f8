"""The least that the same containers can cost: an Engine API client with no workflow at all.

Same means as skiff: a few sandbox containers own the networks, made ahead and used again; each step is a fresh
container in one of them, attached before its start, under skiff's own init, which tells the end and a small output in the
stream; its removal is off the path. One connection a thread."""
import http.client
import json
import os
import queue
import select
import socket
import struct
import threading
import time
import urllib.parse

IMAGE = "busybox:latest"
NONCE = "0123456789abcdef0123456789abcdef"


def socket_path():
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        raise RuntimeError(f"the raw client speaks to Unix sockets only, not to {host}")
    return host[len("unix://"):]


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("engine")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(socket_path())


class Engine:
    """One thread's connection."""

    def __init__(self):
        self.link = Connection()

    def call(self, method, path, body=None, headers=None, good=(200, 201, 204, 304, 404, 409)):
        if isinstance(body, dict):
            body, headers = json.dumps(body), {"Content-Type": "application/json"}
        if self.link.sock and select.select([self.link.sock], [], [], 0)[0]:
            self.link.close()  # idle for five minutes: the engine has closed it
        self.link.request(method, "/v1.40" + path, body=body, headers=headers or {})
        reply = self.link.getresponse()
        data = reply.read()
        if reply.status not in good:
            raise RuntimeError(f"{method} {path}: {reply.status} {data[:300]!r}")
        return data

    def create(self, command, network, init=None, output=None):
        """Under the program `init`, which tells its end and the file `output`."""
        host = {"NetworkMode": network}
        body = {"Image": IMAGE, "Cmd": command, "AttachStdout": True, "AttachStderr": True,
                "Labels": {"skiff.bench": "raw"}, "HostConfig": host}
        if init:
            host["Mounts"] = [{"Type": "bind", "Source": init, "Target": "/dev/skiff-init", "ReadOnly": True}]
            body["Entrypoint"] = ["/dev/skiff-init", "init", NONCE, *(["-o", output] if output else []), "--"]
        return json.loads(self.call("POST", "/containers/create", body, good=(201,)))["Id"]

    def attach(self, container):
        """A connection of its own whose end is the container's."""
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(socket_path())
        s.sendall(f"POST /v1.40/containers/{container}/attach?stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: engine\r\n"
                  "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(4096)
        return s

    def start(self, container):
        self.call("POST", f"/containers/{container}/start", good=(204, 304))

    def remove(self, container):
        self.call("DELETE", f"/containers/{container}?force=1&v=1")

    def told(self, stream):
        """The init's word on the command's end and its output, from an attached stream; None if it had none."""
        frames, streams = b"", {1: b"", 2: b""}
        while not all(NONCE.encode() in s and s.endswith(b".\n") for s in streams.values()):
            more = stream.recv(65536)
            if not more:
                return None
            frames += more
            while len(frames) >= 8 and len(frames) >= 8 + int.from_bytes(frames[4:8], "big"):
                size = int.from_bytes(frames[4:8], "big")
                streams[frames[0]] += frames[8:8 + size]
                frames = frames[8 + size:]
        code, _, rest = streams[1].split(NONCE.encode())[1][1:].partition(b"\n")
        return int(code), rest.partition(b"\n")[2][:-2].decode()

    def exit_code(self, container):
        return json.loads(self.call("POST", f"/containers/{container}/wait"))["StatusCode"]

    def settle(self):
        """Until skiff has removed the containers of its last run in the background, and the disk has everything: else
        whoever comes next pays for it."""
        filters = urllib.parse.quote(json.dumps({"label": ["skiff.kind=pod"]}))
        end = time.monotonic() + 120
        while json.loads(self.call("GET", f"/containers/json?all=1&filters={filters}")) and time.monotonic() < end:
            time.sleep(0.05)
        os.sync()

    def processor(self):
        """Processor seconds of the engine and of its children that have ended; None where /proc does not show it."""
        if not self.link.sock:
            self.link.connect()
        peer = self.link.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        try:
            with open(f"/proc/{struct.unpack('3i', peer)[0]}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return sum(int(n) for n in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def get_archive(self, container, path):
        return self.call("GET", f"/containers/{container}/archive?path={urllib.parse.quote(path)}", good=(200,))

    def read_archive(self, container, path, to=None):
        """The engine's tar of a path to its end; into the file `to` if there is one."""
        self.link.request("GET", f"/v1.40/containers/{container}/archive?path={urllib.parse.quote(path)}")
        reply = self.link.getresponse()
        if reply.status != 200:
            raise RuntimeError(f"GET archive: {reply.status} {reply.read(300)!r}")
        room = memoryview(bytearray(1 << 20))
        while (n := reply.readinto(room)) > 0:
            if to is not None:
                to.write(room[:n])

    def write_archive(self, container, path, tar):
        """A tar file into a container, as fast as the kernel copies."""
        with open(tar, "rb") as f:
            size = os.fstat(f.fileno()).st_size
            self.link.putrequest("PUT", f"/v1.40/containers/{container}/archive?path={urllib.parse.quote(path)}")
            self.link.putheader("Content-Type", "application/x-tar")
            self.link.putheader("Content-Length", str(size))
            self.link.endheaders()
            self.link.sock.sendfile(f)
        reply = self.link.getresponse()
        said = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"PUT archive: {reply.status} {said[:300]!r}")


class Raw:
    """Sandboxes for `width` steps at once, and skiff's program as their init; on leaving, nothing is left."""

    def __init__(self, width, init):
        self.engine, self.init = Engine(), init
        self.sandboxes = queue.Queue()
        self.made = [self.engine.create(["sleep", "3600"], "bridge") for _ in range(width)]
        for name in self.made:
            self.engine.start(name)
            self.sandboxes.put(name)
        self.old = queue.Queue()
        self.sweeper = threading.Thread(target=self.sweep)
        self.sweeper.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.old.put(None)
        self.sweeper.join()
        for name in self.made:
            self.engine.remove(name)

    def sweep(self):
        engine = Engine()
        while (name := self.old.get()) is not None:
            engine.remove(name)

    def step(self, engine, command, read=None):
        """One container to its end; the file `read` of it, if given."""
        sandbox = self.sandboxes.get()
        try:
            container = engine.create(command, f"container:{sandbox}", self.init, read)
            stream = engine.attach(container)
            engine.start(container)
            told = engine.told(stream)
            stream.close()
            if told is None or told[0] != 0:
                raise RuntimeError("the container failed")
            return told[1]
        finally:
            self.sandboxes.put(sandbox)
            self.old.put(container)

    def together(self, works):
        """Each function gets a thread and a connection of its own; waits for all."""
        failures = []

        def guarded(work):
            try:
                work(Engine())
            except Exception as e:  # told by the caller's thread
                failures.append(e)

        threads = [threading.Thread(target=guarded, args=(w,)) for w in works]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failures:
            raise failures[0]

    def many(self, count):
        """`count` steps that do nothing, as many at once as there are sandboxes."""
        left = queue.Queue()
        for _ in range(count):
            left.put(1)

        def work(engine):
            while True:
                try:
                    left.get_nowait()
                except queue.Empty:
                    return
                self.step(engine, ["true"])

        self.together([work] * len(self.made))
