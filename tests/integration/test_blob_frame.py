"""The frame of the blob service, as Azure's own client and plain HTTP see it."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobServiceClient,
    CorsRule,
    PartialBatchErrorException,
    RetentionPolicy,
    StandardBlobTier,
    StaticWebsite,
)

import strongroom
from strongroom.room import Room
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.request import address_of, query_of
from strongroom.server.serve import GRACE_SECONDS, Place, blob_app, listen, server_of
from strongroom.storage.catalog import Catalog, acts
from strongroom.testing.blob_service import ACCOUNT, OpenDoor, Service, blob_service

PATIENCE = 60.0
PROPERTIES = b"<StorageServiceProperties>%s</StorageServiceProperties>"
DELETE, TIER = "DELETE /%s/%s/a HTTP/1.1\r\n", "PUT /%s/%s/a?comp=tier HTTP/1.1\r\n"
LARGE = bytes(range(256)) * 20_000


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("frame") / "room") as opened:
        yield opened


@pytest.fixture(scope="module")
def service(room: Room) -> Iterator[Service]:
    with blob_service(room) as running:
        yield running


@pytest.fixture(scope="module")
def open_service(room: Room) -> Iterator[Service]:
    """A service that lets everybody in."""
    with blob_service(room, door=OpenDoor()) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[BlobServiceClient]:
    key = {"account_name": service.account, "account_key": service.key}
    with BlobServiceClient(service.url, key, retry_total=0) as opened:
        yield opened


def ask(
    service: Service, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


# addresses


@pytest.mark.parametrize(
    ("host", "path", "query", "expected"),
    [
        ("127.0.0.1:10000", b"/acc", b"", ("acc", "", "", False, False)),
        ("127.0.0.1:10000", b"/acc/con", b"restype=container", ("acc", "con", "", False, False)),
        ("127.0.0.1:10000", b"/acc/con/", b"restype=container", ("acc", "con", "", False, False)),
        ("127.0.0.1:10000", b"/acc/a.txt", b"", ("acc", "$root", "a.txt", False, False)),
        ("127.0.0.1:10000", b"/acc/con/a%2Fb/c%20d", b"", ("acc", "con", "a/b/c d", False, False)),
        ("127.0.0.1:10000", b"/acc-secondary/con/a", b"", ("acc", "con", "a", True, False)),
        ("acc.blob.example.org", b"/con/a", b"", ("acc", "con", "a", False, True)),
        ("ACC.blob.localhost:10000", b"/con/a", b"", ("acc", "con", "a", False, True)),
        ("acc.localhost:10000", b"/con//a", b"", ("acc", "con", "/a", False, True)),
        ("acc-secondary.blob.example.org", b"/", b"", ("acc", "", "", True, True)),
        ("blobs.example.org", b"/acc/con/a", b"", ("acc", "con", "a", False, False)),
        ("[::1]:10000", b"/acc/con/%E6%B1%89", b"", ("acc", "con", "汉", False, False)),
    ],
)
def test_an_address_is_read_from_the_path_or_the_host(host: str, path: bytes, query: bytes, expected: tuple[object, ...]):
    found = address_of(host, path, query_of(query))
    assert (found.account, found.container, found.blob, found.is_secondary, found.is_host_style) == expected


@pytest.mark.parametrize(("host", "path"), [("127.0.0.1", b"/"), ("127.0.0.1", b"/acc/con/%ff"), ("127.0.0.1", b"//con/a")])
def test_an_address_without_account_or_out_of_utf_8_is_refused(host: str, path: bytes):
    with pytest.raises(Fault, match="does not represent any resource"):
        address_of(host, path, {})


def test_a_query_is_decoded_and_bounded():
    assert query_of(b"Comp=list&prefix=a%2Fb&include=metadata&INCLUDE=tags&x=") == {
        "comp": "list",
        "prefix": "a/b",
        "include": "metadata,tags",
        "x": "",
    }
    with pytest.raises(Fault):
        query_of(b"&".join(b"a=1" for _ in range(1000)))
    with pytest.raises(Fault):
        query_of(b"prefix=%ff")


# answers


def test_every_answer_says_who_when_and_in_which_version(open_service: Service):
    headers = {"x-ms-version": "2031-01-01", "x-ms-client-request-id": "mine"}
    status, found, _ = ask(open_service, "GET", f"/{ACCOUNT}?restype=account&comp=properties", headers)
    assert status == 200
    assert found["x-ms-version"] == "2031-01-01"
    assert found["x-ms-client-request-id"] == "mine"
    assert found["server"] == "Strongroom"
    assert found["content-length"] == "0"
    assert len(found["x-ms-request-id"]) == 36
    assert found["date"].endswith("GMT")


def test_a_fault_is_told_in_xml_and_in_a_header_and_without_a_body_where_there_is_none(open_service: Service):
    status, headers, body = ask(open_service, "GET", f"/{ACCOUNT}/none/a", {"x-ms-client-request-id": "mine"})
    assert (status, headers["x-ms-error-code"], headers["content-type"]) == (404, "ContainerNotFound", "application/xml")
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?><Error><Code>ContainerNotFound</Code><Message>')
    assert f"\nRequestId:{headers['x-ms-request-id']}\nTime:20".encode() in body
    status, headers, body = ask(open_service, "HEAD", f"/{ACCOUNT}/none/a")
    assert (status, headers["x-ms-error-code"], body) == (404, "ContainerNotFound", b"")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "?comp=nonsense", 400, "InvalidQueryParameterValue"),
        ("PATCH", "/con/a", 405, "UnsupportedHttpVerb"),
        ("POST", "/con/a?comp=query", 501, "NotImplemented"),
        ("PUT", "-secondary/con/a", 403, "InsufficientAccountPermissions"),
    ],
)
def test_what_no_operation_means_has_its_error(open_service: Service, method: str, path: str, status: int, code: str):
    found, headers, _ = ask(open_service, method, f"/{ACCOUNT}{path}")
    assert (found, headers["x-ms-error-code"]) == (status, code)


@pytest.mark.parametrize("version", ["nonsense", "2020-1-1", "2020-01-01 x"])
def test_a_version_that_is_none_is_refused(open_service: Service, version: str):
    status, headers, _ = ask(open_service, "GET", f"/{ACCOUNT}?comp=list", {"x-ms-version": version})
    assert (status, headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")


# bytes


def test_blobs_of_all_sizes_go_in_and_out(client: BlobServiceClient):
    container = client.create_container("sizes")
    for name, data in (("empty", b""), ("small", b"hello"), ("large", LARGE)):
        container.upload_blob(name, data)
        assert container.download_blob(name).readall() == data
    assert container.download_blob("large", offset=3_000_000, length=1_500_000).readall() == LARGE[3_000_000:4_500_000]
    assert {blob.name: blob.size for blob in container.list_blobs()} == {"empty": 0, "small": 5, "large": len(LARGE)}


def test_a_connection_is_used_again_and_again(room: Room, open_service: Service):
    container = room.vault.create_container("again")
    room.vault.put(container, "a", LARGE)
    connection = http.client.HTTPConnection("127.0.0.1", open_service.port, timeout=PATIENCE)
    try:
        for _ in range(3):
            connection.request("PUT", f"/{ACCOUNT}/again/b", b"hello", {"x-ms-blob-type": "BlockBlob"})
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (201, b"")
            before = connection.sock
            connection.request("GET", f"/{ACCOUNT}/again/a")
            assert connection.getresponse().read() == LARGE
            connection.request("HEAD", f"/{ACCOUNT}/again/a")
            head = connection.getresponse()
            assert (head.read(), head.headers["content-length"]) == (b"", str(len(LARGE)))
            assert connection.sock is before
    finally:
        connection.close()


def test_a_client_that_leaves_a_download_frees_its_place(room: Room, open_service: Service):
    container = room.vault.create_container("left")
    room.vault.put(container, "a", LARGE * 8)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", open_service.port), PATIENCE) as connection:
            connection.sendall(f"GET /{ACCOUNT}/left/a HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            connection.recv(1000)
    assert ask(open_service, "HEAD", f"/{ACCOUNT}/left/a")[0] == 200


def test_a_backslash_is_a_slash_except_in_a_name_that_has_one(room: Room, open_service: Service):
    container = room.vault.create_container("slashes")
    room.vault.put(container, "kept\\xff", b"kept")
    put = {"x-ms-blob-type": "BlockBlob"}
    assert ask(open_service, "PUT", f"/{ACCOUNT}/slashes/a%5Cb", put, b"x")[0] == 201
    assert [blob.name for blob in room.vault.walk(container)] == ["a/b", "kept\\xff"]
    assert ask(open_service, "GET", f"/{ACCOUNT}/slashes/a%5Cb")[2] == b"x"
    assert ask(open_service, "GET", f"/{ACCOUNT}/slashes/kept%5Cxff")[2] == b"kept"


# the service's properties


def test_service_properties_are_kept_and_told(client: BlobServiceClient):
    found = client.get_service_properties()
    assert found["cors"] == []
    assert not found["delete_retention_policy"].enabled
    assert found["analytics_logging"].version == "1.0"
    client.set_service_properties(
        cors=[CorsRule(["https://a.example"], ["GET", "PUT"], allowed_headers=["x-ms-*"], max_age_in_seconds=5)],
        delete_retention_policy=RetentionPolicy(enabled=True, days=7),
        static_website=StaticWebsite(enabled=True, index_document="index.html"),
    )
    client.set_service_properties(target_version="2020-10-02")
    found = client.get_service_properties()
    assert (found["cors"][0].allowed_origins, found["cors"][0].max_age_in_seconds) == ("https://a.example", 5)
    assert (found["delete_retention_policy"].enabled, found["delete_retention_policy"].days) == (True, 7)
    assert (found["static_website"].enabled, found["static_website"].index_document) == (True, "index.html")
    assert found["target_version"] == "2020-10-02"
    client.set_service_properties(cors=[], delete_retention_policy=RetentionPolicy(enabled=False))
    assert client.get_service_properties()["cors"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<StorageServiceProperties>",
        b"<Other />",
        PROPERTIES % b"<DeleteRetentionPolicy><Enabled>true</Enabled></DeleteRetentionPolicy>",
        PROPERTIES % b"<DeleteRetentionPolicy><Enabled>true</Enabled><Days>0</Days></DeleteRetentionPolicy>",
        PROPERTIES % b"<HourMetrics><Enabled>perhaps</Enabled></HourMetrics>",
        PROPERTIES % (b"<Cors>" + b"<CorsRule />" * 6 + b"</Cors>"),
        PROPERTIES
        % b"<Cors><CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>STEAL</AllowedMethods></CorsRule></Cors>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><StorageServiceProperties />',
        PROPERTIES % (b" " * (2 << 20)),
    ],
)
def test_service_properties_that_cannot_be_are_refused(open_service: Service, body: bytes):
    status, headers, _ = ask(open_service, "PUT", f"/{ACCOUNT}?restype=service&comp=properties", body=body)
    assert status in (400, 413)
    assert headers["x-ms-error-code"] in ("InvalidXmlDocument", "InvalidXmlNodeValue", "RequestBodyTooLarge")


def test_the_secondary_place_tells_statistics_and_the_primary_one_does_not(open_service: Service):
    status, _, body = ask(open_service, "GET", f"/{ACCOUNT}-secondary?restype=service&comp=stats")
    assert status == 200
    assert b"<GeoReplication><Status>live</Status><LastSyncTime>" in body
    status, headers, _ = ask(open_service, "GET", f"/{ACCOUNT}?restype=service&comp=stats")
    assert (status, headers["x-ms-error-code"]) == (400, "InvalidQueryParameterValue")


def test_the_account_says_what_it_is(client: BlobServiceClient):
    found = client.get_account_information()
    assert (found["sku_name"], found["account_kind"], found["is_hns_enabled"]) == ("Standard_RAGRS", "StorageV2", False)


def test_pages_of_other_origins_may_do_what_a_rule_says(room: Room, open_service: Service):
    rule = {"origins": "https://*.example,http://one", "methods": "GET,PUT", "headers": "x-ms-*,content-type", "age": 60}
    room.vault.set_service_properties({"cors": [{**rule, "exposed": "x-ms-meta-*,etag,date"}]})
    path = f"/{ACCOUNT}?restype=account&comp=properties"
    try:
        wanted = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
        status, headers, _ = ask(
            open_service, "OPTIONS", path, {**wanted, "Access-Control-Request-Headers": "x-ms-date, Content-Type"}
        )
        assert status == 200
        assert headers["access-control-allow-origin"] == "https://a.example"
        assert headers["access-control-allow-methods"] == "PUT"
        assert headers["access-control-max-age"] == "60"
        for changed in (
            {"Origin": "https://evil"},
            {"Access-Control-Request-Method": "DELETE"},
            {"Access-Control-Request-Headers": "cookie"},
        ):
            status, headers, _ = ask(open_service, "OPTIONS", path, {**wanted, **changed})
            assert (status, headers["x-ms-error-code"]) == (403, "CorsPreflightFailure")
        status, _, body = ask(open_service, "OPTIONS", path)
        assert (status, b"A required CORS header is not present." in body) == (400, True)
        _, headers, _ = ask(open_service, "GET", path, {"Origin": "http://one"})
        assert headers["access-control-allow-origin"] == "http://one"
        assert headers["vary"] == "Origin"
        assert set(headers["access-control-expose-headers"].split(",")) == {"etag", "date"}
        _, headers, _ = ask(open_service, "GET", path, {"Origin": "https://evil"})
        assert "access-control-allow-origin" not in headers
    finally:
        room.vault.set_service_properties({"cors": []})


def test_new_containers_keep_versions_where_the_service_is_told_so(room: Room, open_service: Service):
    path = f"/{ACCOUNT}?restype=service&comp=properties"
    for value in ("true", "false"):
        body = PROPERTIES % f"<IsVersioningEnabled>{value}</IsVersioningEnabled>".encode()
        assert ask(open_service, "PUT", path, body=body)[0] == 202
        assert f"<IsVersioningEnabled>{value}</IsVersioningEnabled>".encode() in ask(open_service, "GET", path)[2]
        assert ask(open_service, "PUT", f"/{ACCOUNT}/versioning-{value}?restype=container")[0] == 201
        assert room.vault.container(f"versioning-{value}", room.scope("list")).keeps_versions == (value == "true")


# batches


def test_a_batch_deletes_and_sets_tiers(client: BlobServiceClient):
    container = client.create_container("batch")
    names = [f"a {number}" for number in range(5)]
    for name in names:
        container.upload_blob(name, b"x")
    assert [one.status_code for one in container.set_standard_blob_tier_blobs(StandardBlobTier.COOL, *names)] == [200] * 5
    assert {blob.blob_tier for blob in container.list_blobs()} == {"Cool"}
    assert [one.status_code for one in container.delete_blobs(*names[:3])] == [202] * 3
    with pytest.raises(PartialBatchErrorException) as raised:
        container.delete_blobs(*names[2:])
    assert [one.status_code for one in raised.value.parts] == [404, 202, 202]
    assert list(container.list_blobs()) == []


def batch_of(*parts: str, boundary: str = "batch_1") -> tuple[dict[str, str], bytes]:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    body = "".join(f"--{boundary}\r\n{head}Content-ID: {number}\r\n\r\n{part}\r\n" for number, part in enumerate(parts))
    return {"Content-Type": f"multipart/mixed; boundary={boundary}"}, f"{body}--{boundary}--".encode()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([DELETE % (ACCOUNT, "con")] * 257, "ExceedsMaxBatchRequestCount"),
        ([DELETE % (ACCOUNT, "con"), TIER % (ACCOUNT, "con")], "AllBatchSubRequestsShouldBeSameApi"),
        ([f"PUT /{ACCOUNT}/con/a HTTP/1.1\r\n"], "InvalidInput"),
        ([f"DELETE /{ACCOUNT}/con?restype=container HTTP/1.1\r\n"], "InvalidInput"),
        ([DELETE % ("other", "con")], "InvalidInput"),
        ([DELETE % (ACCOUNT, "other")], "InvalidInput"),
        (["nonsense"], "InvalidInput"),
        ([f"DELETE /{ACCOUNT}/con/a HTTP/1.1\r\nno header\r\n"], "InvalidInput"),
        ([], "InvalidInput"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_has_one_answer_that_is_nobodys(open_service: Service, parts: list[str], code: str):
    headers, body = batch_of(*parts)
    status, found, reply = ask(open_service, "POST", f"/{ACCOUNT}/con?restype=container&comp=batch", headers, body)
    assert status == 202
    assert found["content-type"].startswith("multipart/mixed; boundary=")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"Content-ID" not in reply
    assert f"x-ms-error-code: {code}".encode() in reply


def test_a_part_of_a_batch_must_prove_by_itself_who_asks(room: Room, client: BlobServiceClient):
    container = room.vault.create_container("unsigned")
    room.vault.put(container, "a", b"x")
    headers, body = batch_of(f"DELETE /{ACCOUNT}/unsigned/a HTTP/1.1\r\n")
    signed = client._client.service
    with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        signed.submit_batch(content_length=len(body), multipart_content_type=headers["Content-Type"], body=body)
    assert [blob.name for blob in room.vault.walk(container)] == ["a"]


def test_a_batch_of_the_account_may_call_it_a_container(room: Room, open_service: Service):
    """As the JavaScript SDK does where the account stands in the path."""
    container = room.vault.create_container("called")
    room.vault.put(container, "a", b"x")
    headers, body = batch_of(f"DELETE /{ACCOUNT}/called/a HTTP/1.1\r\n")
    status, _, reply = ask(open_service, "POST", f"/{ACCOUNT}?restype=container&comp=batch", headers, body)
    assert (status, b"HTTP/1.1 202" in reply) == (202, True)
    assert not list(room.vault.walk(container))


def test_a_batch_without_a_boundary_or_beyond_its_bound_is_refused(open_service: Service):
    path = f"/{ACCOUNT}?comp=batch"
    assert ask(open_service, "POST", path, {"Content-Type": "application/json"}, b"x")[0] == 400
    assert ask(open_service, "POST", path, {"Content-Type": "multipart/mixed; boundary=a"}, b"x" * (5 << 20))[0] == 413


def test_obstore_deletes_in_batches(room: Room, service: Service):
    import obstore

    room.vault.create_container("obstore")
    store = obstore.store.AzureStore(
        container_name="obstore",
        account_name=service.account,
        account_key=service.key,
        endpoint=service.url,
        client_options={"allow_http": True},
    )
    names = [f"folder/{number}.bin" for number in range(40)]
    for name in names:
        store.put(name, b"x")
    store.put("large", LARGE * 3)
    assert bytes(store.get("large").bytes()) == LARGE * 3
    store.delete(names)
    assert [one["path"] for page in store.list() for one in page] == ["large"]


# TLS


def test_it_speaks_tls_with_a_certificate_and_nothing_else_then(room: Room, certificate: Path):
    with blob_service(room, place=Place(port=0, certificate=certificate)) as running:
        key = {"account_name": running.account, "account_key": running.key}
        with BlobServiceClient(running.url, key, retry_total=0, connection_verify=str(certificate)) as client:
            container = client.create_container("tls")
            container.upload_blob("a", LARGE)
            assert container.download_blob("a").readall() == LARGE
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            ask(running, "GET", f"/{ACCOUNT}?comp=list")


def test_it_ends_although_a_client_keeps_its_connection_over_tls(room: Room, certificate: Path):
    place, limits = Place(port=0, certificate=certificate), Limits.of(room.settings)
    listener = listen(place)
    address = listener.getsockname()
    with blob_app(room, limits, Gate(room.vault, development=True)) as app:
        server = server_of(app, place, limits)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        with ssl.create_default_context(cafile=certificate).wrap_socket(
            socket.create_connection(address), server_hostname="127.0.0.1"
        ) as idle:
            idle.sendall(f"GET /{ACCOUNT}?comp=list HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert idle.recv(12) == b"HTTP/1.1 403"
            server.should_exit = True
            thread.join(GRACE_SECONDS * 2 / 3)
            ended = not thread.is_alive()
        thread.join()
    assert ended


# the ledger


def test_uses_reach_the_rooms_ledger(tmp_path: Path):
    with strongroom.init(tmp_path / "room") as room:
        container = room.vault.create_container("con")
        room.vault.put(container, "a", b"hello")
        with blob_service(room, door=OpenDoor()) as service:
            for _ in range(3):
                assert ask(service, "GET", f"/{ACCOUNT}/con/a")[2] == b"hello"
        with blob_service(room) as service:
            assert ask(service, "GET", f"/{ACCOUNT}/con/a")[0] == 403
        catalog = Catalog(f"sqlite:///{room.path}/catalog.sqlite")
        with catalog.read() as tx:
            found = [act for _, act in acts.list(tx, -1, 100)]
        catalog.close()
    assert [act.verb for act in found] == ["blob-read", "blob-read", "blob-refused", "blob-refused"]
    assert (found[1].details["requests"], found[1].details["bytes_out"]) == (3, 15)
    assert found[2].details["code"] == "AuthorizationFailure"


# the end


def test_a_server_ends_although_a_client_has_not_sent_all(room: Room):
    container = room.vault.create_container("unfinished")
    head = f"PUT /{ACCOUNT}/unfinished/a HTTP/1.1\r\nHost: a\r\nx-ms-blob-type: BlockBlob\r\nContent-Length: 9000000\r\n\r\n"
    with (
        blob_service(room, door=OpenDoor()) as service,
        socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection,
    ):
        connection.sendall(head.encode() + b"x" * 3_000_000)
        assert ask(service, "GET", f"/{ACCOUNT}?restype=account&comp=properties")[0] == 200
    assert list(room.vault.walk(container)) == []
    assert not room.check()


def test_the_development_account_does_not_work_unless_it_is_asked_for(room: Room):
    from strongroom.server.azure.auth.authenticate import Gate

    with (
        blob_service(room, door=Gate(room.vault)) as service,
        BlobServiceClient.from_connection_string(service.connection_string, retry_total=0) as client,
        pytest.raises(HttpResponseError),
    ):
        client.get_service_properties()
