"""A Hub on this machine, for the real client: repositories in memory behind the endpoints that huggingface_hub asks."""

import base64
import hashlib
import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from gan.hub import client

TOKEN = "hf_of_the_tests"


ROUTES = [  # method, pattern of the path, name of the method that answers
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate"),
    ("POST", r"/api/(model|space)s/([^/]+/[^/]+)/preupload/([^/]+)", "preupload"),
    ("POST", r"/api/(model|space)s/([^/]+/[^/]+)/commit/([^/]+)", "commit"),
    ("POST", r"/api/(model|space)s/([^/]+/[^/]+)/tag/([^/]+)", "tag"),
    ("DELETE", r"/api/(model|space)s/([^/]+/[^/]+)/tag/([^/]+)", "untag"),
    ("GET", r"/api/(model|space)s/([^/]+/[^/]+)/refs", "refs"),
    ("GET", r"/api/(model|space)s/([^/]+/[^/]+)(?:/revision/([^/]+))?", "info"),
    ("GET", r"/api/(model|space)s/([^/]+/[^/]+)/tree/([^/]+)", "tree"),
    ("POST", r"/(?:(space)s/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/lfs/([0-9a-f]{64})", "upload"),
    ("POST", r"/lfs/verify", "verify"),
    ("HEAD", r"/(?:(space)s/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", "resolve"),
    ("GET", r"/(?:(space)s/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", "resolve"),
]


@dataclass
class Repository:
    private: bool
    sdk: str | None = None  # of a Space
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)  # id -> files, oldest first
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self):
        return list(self.commits)[-1]

    def resolve(self, revision):
        """Return the commit's id; None where there is no such revision."""
        return {**dict.fromkeys(["main", "HEAD"], self.head), **self.tags, **{oid: oid for oid in self.commits}}.get(
            revision
        )

    def commit(self, message, files):
        oid = hashlib.sha1(f"{len(self.commits)} {message} {sorted(files)}".encode()).hexdigest()
        self.commits[oid] = files
        self.messages.append(message)
        return oid


class Hub(ThreadingHTTPServer):
    """Serves on a free port; `faults` are (method, pattern of the path, status) that each spoil one request.

    Instead of a status there may be None, to hang up, "never", to leave the client waiting, or bytes, to answer with.
    """

    daemon_threads = True

    def __init__(self, mode="regular"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.mode, self.repositories, self.blobs, self.faults, self.requests = mode, {}, {}, [], []
        self.said = {}  # what is said of a file's size, where it is not the truth; of a commit's id, under "sha"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()  # asks soon whether to end

    def handle_error(self, request, address):
        """A client that hangs up is no error here."""

    def add(self, repo, files, kind="model", private=False):
        """Make a repository with these files."""
        self.repositories[kind, repo] = made = Repository(private)
        made.commit("initial commit", dict(files))
        return made

    def mode_of(self, path):
        return "lfs" if self.mode == "lfs" and path.endswith((".safetensors", ".webp")) else "regular"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for its headers to be acknowledged

    def log_message(self, *_):
        """Say nothing."""

    @property
    def url(self):
        """The address under which it was asked, a proxy's client by another name."""
        return f"http://{self.headers['Host']}"

    def answer(self):
        self.body = self.read_body()
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append((self.command, path))
        for fault in self.server.faults:
            method, pattern, status = fault
            if method == self.command and re.search(pattern, path):
                self.server.faults.remove(fault)
                if status == "never":
                    return time.sleep(30)
                if status is None:  # hang up in the middle
                    self.close_connection = True
                    self.connection.close()
                    return
                if isinstance(status, bytes):
                    return self.reply(200, content=status)
                return self.reply(status, {"error": "planted", "url": f"{self.url}/tester/alpha"})
        for method, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == self.command and found:
                return getattr(self, name)(*found.groups())
        self.reply(404, {"error": f"no such endpoint: {path}"})

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def read_body(self):
        """Return the body, sent whole or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def reply(self, status, value=None, content=None, **headers):
        content = json.dumps(value).encode() if content is None else content
        self.send_response(status)
        for name, text in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    @property
    def known(self):
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def may_write(self):
        if not self.known:
            self.reply(401, {"error": "no"}, X_Error_Message="Invalid credentials in Authorization header")
        return self.known

    def find(self, kind, repo, revision="main"):
        """Return the repository and the commit's id; reply and return (None, None) where they are not there."""
        found = self.server.repositories.get((kind or "model", repo))
        if found is None or (found.private and not self.known):
            self.reply(404 if self.known else 401, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
            return None, None
        oid = found.resolve(revision or "main")
        if oid is None:
            self.reply(404, {"error": "Invalid rev id"}, X_Error_Code="RevisionNotFound")
            return None, None
        return found, oid

    # --- what the client asks ---

    def whoami(self):
        if self.may_write():
            self.reply(200, {"type": "user", "name": "tester", "auth": {"type": "access_token"}})

    def create(self):
        if not self.may_write():
            return
        asked = json.loads(self.body)
        kind, repo = asked.get("type") or "model", f"{asked.get('organization') or 'tester'}/{asked['name']}"
        if (kind, repo) in self.server.repositories:
            return self.reply(409, {"error": "You already created this repo", "url": f"{self.url}/{repo}"})
        made = self.server.add(
            repo, {".gitattributes": b""}, kind, asked.get("private") or asked.get("visibility") == "private"
        )
        made.sdk = asked.get("sdk")
        self.reply(200, {"url": f"{self.url}/{repo}", "id": repo, "name": repo})

    def validate(self):
        from huggingface_hub import ModelCard, SpaceCard

        asked = json.loads(self.body)
        try:
            (SpaceCard if asked["repoType"] == "space" else ModelCard)(asked["content"]).data.to_dict()
        except Exception as error:
            return self.reply(400, {"errors": [{"message": str(error)}], "warnings": []})
        self.reply(200, {"errors": [], "warnings": []})

    def preupload(self, kind, repo, revision):
        found, oid = self.find(kind, repo, revision) if self.may_write() else (None, None)
        if not found:
            return
        files = []
        for name in (file["path"] for file in json.loads(self.body)["files"]):
            mode, content = self.server.mode_of(name), found.commits[oid].get(name)
            files.append({"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": blob_id(content, mode)})
        self.reply(200, {"files": files})

    def batch(self, kind, repo):
        if not self.may_write():
            return
        objects = []
        for asked in json.loads(self.body)["objects"]:
            actions = {
                "upload": {"href": f"{self.url}/lfs/{asked['oid']}"},
                "verify": {"href": f"{self.url}/lfs/verify"},
            }
            objects.append(asked | ({} if asked["oid"] in self.server.blobs else {"actions": actions}))
        self.reply(200, {"transfer": "basic", "objects": objects})

    def upload(self, oid):
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.server.blobs[oid] = self.body
        self.reply(200, {})

    def verify(self):
        self.reply(200 if json.loads(self.body)["oid"] in self.server.blobs else 404, {})

    def commit(self, kind, repo, revision):
        found, _ = self.find(kind, repo, revision) if self.may_write() else (None, None)
        if not found:
            return
        lines = [json.loads(line) for line in self.body.splitlines()]
        header, files = lines[0]["value"], dict(found.commits[found.head])
        if header.get("parentCommit") not in (None, found.head):
            return self.reply(412, {"error": "the parent is not the head"})
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.blobs[value["oid"]]
            else:
                del files[value["path"]]
        oid = found.commit(header["summary"], files)
        self.reply(200, {"success": True, "commitOid": oid, "commitUrl": f"{self.url}/{repo}/commit/{oid}"})

    def tag(self, kind, repo, revision):
        found, oid = self.find(kind, repo, revision) if self.may_write() else (None, None)
        if not found:
            return
        name = json.loads(self.body)["tag"]
        if name in found.tags:
            return self.reply(409, {"error": "there already"})
        found.tags[name] = oid
        self.reply(200, {})

    def untag(self, kind, repo, name):
        found, _ = self.find(kind, repo) if self.may_write() else (None, None)
        if found:
            self.reply(200 if found.tags.pop(name, None) else 404, {})

    def refs(self, kind, repo):
        found, _ = self.find(kind, repo)
        if found:
            tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid} for name, oid in found.tags.items()]
            self.reply(200, {"branches": [], "converts": [], "tags": tags})

    def info(self, kind, repo, revision):
        found, oid = self.find(kind, repo, revision)
        if found:
            sizes = {name: self.server.said.get(name, len(content)) for name, content in found.commits[oid].items()}
            files = [{"rfilename": name, "size": size} for name, size in sizes.items()]
            sha = self.server.said.get("sha", oid)
            self.reply(200, {"id": repo, "sha": sha, "private": found.private, "siblings": files, "sdk": found.sdk})

    def tree(self, kind, repo, revision):
        found, oid = self.find(kind, repo, revision)
        if found:
            files = found.commits[oid].items()
            self.reply(
                200,
                [
                    {"type": "file", "path": name, "size": len(content), "oid": blob_id(content)}
                    for name, content in files
                ],
            )

    def resolve(self, kind, repo, revision, name):
        found, oid = self.find(kind, repo, revision)
        if not found:
            return
        content = found.commits[oid].get(name)
        if content is None:
            return self.reply(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound", X_Repo_Commit=oid)
        self.reply(200, content=content, ETag=f'"{blob_id(content)}"', X_Repo_Commit=oid)


def blob_id(content, mode="regular"):
    """Return what the client compares its own file with: git's id of a blob, or the SHA-256 of a large one."""
    if content is None:
        return None
    if mode == "lfs":
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def hub_for(monkeypatch, folder):
    """Give a Hub whose token we have, with a cache in the folder; attempts follow one another at once."""
    server = Hub()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr(client, "WAIT_SECONDS", 0.01)
    yield server
    server.shutdown()
    server.server_close()
