"""In what the blob service differs from Azurite, and why: the table of the documentation, and what the test lets pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from differential.compare import Difference
from differential.rest import Ask

UNREADABLE = (
    "400 InvalidHeaderValue",
    "400 InvalidMd5",
    "400 InvalidMetadata",
    "400 InvalidQueryParameterValue",
    "400 InvalidXmlDocument",
    "400 InvalidInput",
    "400 DuplicateTagNames",
    "400 EmptyTagName",
    "400 MissingRequiredHeader",
    "400 OutOfRangeInput",
    "400 InvalidOperation",
    "400 Md5Mismatch",
    "416 InvalidPageRange",
)
ANY = ("*",)
REFUSALS = ("304 *", "4?? *")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Differences that are meant, and the reason."""

    reason: str
    operations: Sequence[str] = ANY
    """Patterns of shells, as in all that follow; one of each must fit."""
    what: Sequence[str] = ("answer",)
    ours: Sequence[str] = ANY
    theirs: Sequence[str] = ANY
    given: str = ""
    """A header, or a value in the query, that the request must have had."""

    def fits(self, ask: Ask, difference: Difference) -> bool:
        """Say whether a difference is one of these."""
        if self.given and not any(self.given in one for one in (ask.headers, *ask.query.values())):
            return False
        pairs = (
            (difference.operation, self.operations),
            (difference.what, self.what),
            (difference.ours, self.ours),
            (difference.theirs, self.theirs),
        )
        return all(any(fnmatchcase(value, pattern) for pattern in patterns) for value, patterns in pairs)


NEW = ("Put Blob*", "Put Block*", "Copy Blob*", "Append Block", "Put Page")

RULES: tuple[Rule, ...] = (
    # everywhere
    Rule(
        reason="Every answer names the version in which it was asked; Azurite names its own, and none in errors.",
        what=["header x-ms-version"],
    ),
    Rule(reason="Azurite fails itself (500 without an error code).", theirs=["500 *"]),
    Rule(
        reason="Every refusal has the protocol's error code; Azurite gives none for what its generated reader refuses.",
        ours=["4?? *"],
        theirs=["400 -"],
    ),
    Rule(
        reason="What a request says is read before what it is about is looked for; Azurite looks first.",
        ours=UNREADABLE,
        theirs=REFUSALS,
    ),
    Rule(
        reason="Whether the container is there is looked at before the blob, its lease and the body; Azurite looks later.",
        ours=["404 ContainerNotFound"],
        theirs=REFUSALS,
    ),
    Rule(
        reason="One tag with two values, or tags that are no XML, are refused; Azurite takes them.",
        operations=["Put Blob*", "Put Block List", "Copy Blob*", "Set Blob Tags"],
        ours=["400 DuplicateTagNames", "400 InvalidXmlDocument"],
        theirs=["20?"],
    ),
    Rule(
        reason="Public access and acts on leases that the protocol does not have are refused; Azurite takes them.",
        operations=["Create Container", "Set Container ACL", "Put Blob*", "Copy Blob*", "Lease *"],
        ours=["400 InvalidHeaderValue"],
        theirs=["20?"],
    ),
    Rule(
        reason="A query parameter `comp` that the protocol does not have is refused; Azurite ignores it, and deletes the blob.",
        operations=["What is none"],
        ours=["400 InvalidQueryParameterValue", "400 InvalidUri", "405 UnsupportedHttpVerb"],
    ),
    # checksums
    Rule(
        reason="A wrong MD5 is Md5Mismatch, as in Azure; Azurite says InvalidOperation, and ignores that of a block list.",
        operations=["Put Blob*", "Put Block*", "Put Page"],
        ours=["400 Md5Mismatch", "400 InvalidMd5"],
        theirs=["400 *", "201"],
    ),
    Rule(
        reason="A checked MD5 is given back, as Azure does; Azurite leaves it out.",
        operations=["Put Block", "Put Page", "Append Block"],
        what=["header content-md5"],
        theirs=["-"],
    ),
    Rule(
        reason="Blocks, pages and appends are answered with their CRC-64, as by Azure; Azurite leaves it out.",
        operations=["Put Block", "Put Page", "Append Block"],
        what=["header x-ms-content-crc64"],
        theirs=["-"],
    ),
    Rule(
        reason="Page blobs have no MD5 but a stated one, as in Azure; Azurite computes one for each answer.",
        operations=["Get Blob"],
        what=["header content-md5"],
        ours=["-"],
    ),
    Rule(reason="Ranges may be asked of every blob, and the answer says so.", what=["header accept-ranges"], theirs=["-"]),
    # leases and conditions
    Rule(
        reason="A write that states a lease needs one, also where the blob does not exist yet; Azurite takes it.",
        operations=NEW,
        ours=["412 LeaseNotPresentWithBlobOperation"],
        theirs=["20?", "400 InvalidBlockList", "400 InvalidOperation", "409 InvalidBlobType"],
    ),
    Rule(
        reason="Leases are looked at before the kind of the blob; Azurite looks at the kind first.",
        ours=["412 Lease*"],
        theirs=["409 InvalidBlobType"],
    ),
    Rule(
        reason="Conditions on the source of a copy are told as SourceConditionNotMet, as Azure does.",
        operations=["Copy Blob*"],
        ours=["412 SourceConditionNotMet"],
        theirs=["412 ConditionNotMet", "304 ConditionNotMet"],
    ),
    Rule(
        reason="What the source of a copy answered is told where it may not be read, as by Azure; Azurite leaves it out.",
        operations=["Copy Blob*"],
        what=["header x-ms-copy-source-*"],
        theirs=["-"],
    ),
    Rule(
        reason="x-ms-if-tags holds for every operation; Azurite leaves it out of many writes.",
        ours=["412 ConditionNotMet"],
        theirs=["20?", "412 Lease*"],
        given="x-ms-if-tags",
    ),
    Rule(
        reason="A blob that does not exist is told before conditions on it; Azurite weighs them against nothing.",
        ours=["404 BlobNotFound"],
        theirs=["412 *", "400 UnsatisfiableCondition"],
    ),
    Rule(
        reason="Conditions are weighed before a block list is read through; Azurite reads the list first.",
        operations=["Put Block List"],
        ours=["412 ConditionNotMet"],
        theirs=["400 InvalidBlockList"],
    ),
    Rule(
        reason="A blob of which only blocks exist does not exist: If-Match fails, it cannot be deleted, it has no etag.",
        operations=["Put Block List", "Delete Blob"],
        ours=["412 ConditionNotMet", "404 BlobNotFound"],
        theirs=["20?"],
    ),
    Rule(
        reason="A blob of which only blocks exist does not exist: If-Match fails, it cannot be deleted, it has no etag.",
        operations=["Get Block List"],
        what=["header etag", "header last-modified"],
        ours=["-"],
    ),
    Rule(
        reason="If-Match: * asks for a blob that is there; Azurite lets it pass where none is.",
        operations=NEW,
        ours=["412 ConditionNotMet"],
        theirs=["20?"],
        given="if-match",
    ),
    Rule(
        reason="A snapshot is a write: a condition that fails is 412, as in Azure; Azurite says 304.",
        operations=["Snapshot Blob"],
        ours=["412 ConditionNotMet"],
        theirs=["304 ConditionNotMet"],
    ),
    Rule(
        reason="Conditions on a lease's blob are weighed before the lease, save in Azurite where If-None-Match is *.",
        operations=["Lease Blob"],
        ours=["412 ConditionNotMet"],
        theirs=["409 Lease*"],
        given="if-none-match",
    ),
    Rule(
        reason="Etags do not count in conditions on containers, as in Azure; in Azurite they do.",
        operations=["Lease Container", "Delete Container", "Set Container *"],
        theirs=["412 ConditionNotMet"],
    ),
    Rule(
        reason="If-Unmodified-Since counts for the metadata of containers too; in Azurite it does not.",
        operations=["Set Container Metadata"],
        ours=["412 ConditionNotMet"],
        theirs=["200", "412 Lease*"],
        given="if-unmodified-since",
    ),
    Rule(
        reason="Conditions on the source are weighed before it is looked for; Azurite looks first.",
        operations=["Copy Blob*"],
        ours=["412 SourceConditionNotMet"],
        theirs=["404 *"],
    ),
    Rule(
        reason="A blob of which only blocks exist has no lease, and may be asked with any; Azurite refuses.",
        operations=["Get Block List"],
        ours=["200"],
        theirs=["412 LeaseNotPresentWithBlobOperation"],
    ),
    Rule(
        reason="To seal what is sealed changes nothing; Azurite gives it a new etag.",
        operations=["Seal Append Blob"],
        what=["header etag"],
    ),
    # kinds
    Rule(
        reason="A copy may not change the kind of a blob that exists, as in Azure; Azurite lets it.",
        operations=["Copy Blob*"],
        ours=["409 InvalidBlobType"],
        theirs=["202", *REFUSALS],
    ),
    Rule(
        reason="A block has at least one byte, as in Azure; Azurite takes an empty one.",
        operations=["Put Block"],
        ours=["400 InvalidHeaderValue"],
        theirs=["201"],
    ),
    Rule(
        reason="A range that is not of whole pages is InvalidPageRange, as in Azure; Azurite's code is a sentence.",
        operations=["Put Page"],
        ours=["416 InvalidPageRange"],
    ),
    Rule(
        reason="A block list with an element that is none is refused as the body it is; Azurite looks at the blob first.",
        operations=["Put Block List"],
        ours=["400 InvalidBlockList"],
        theirs=REFUSALS,
    ),
    Rule(
        reason="What only page blobs have is InvalidBlobType for others; Azurite says InvalidOperation.",
        operations=["Set Blob Properties"],
        ours=["409 InvalidBlobType"],
        theirs=["400 InvalidOperation"],
    ),
    Rule(
        reason="A container has at most five stored policies, as in Azure; Azurite takes six.",
        operations=["Set Container ACL"],
        ours=["400 InvalidXmlDocument"],
        theirs=["200"],
    ),
    Rule(
        reason="A snapshot whose tier is to be set must be there; Azurite does not look.",
        operations=["Set Blob Tier"],
        ours=["404 BlobNotFound"],
        theirs=["400 AccessTierNotSupportedForBlobType", "200"],
    ),
    Rule(
        reason="A checksum of a range needs a range, as in Azure; Azurite takes the request without.",
        operations=["Get Blob"],
        ours=["400 InvalidHeaderValue"],
        theirs=["200"],
        given="x-ms-range-get-content-md5",
    ),
    Rule(
        reason="A condition on tags that cannot be read is refused; Azurite takes it.",
        ours=["400 InvalidHeaderValue"],
        theirs=["20?"],
        given="x-ms-if-tags",
    ),
    Rule(
        reason="Copies are told of in a list that asks for them (include=copy), as in Azure; Azurite tells of them always.",
        operations=["List Blobs"],
        what=["xml *Properties/Copy*", "xml *IncrementalCopy"],
        ours=["-"],
    ),
    Rule(
        reason="Blobs of which only blocks exist have no etags to compare.",
        operations=["List Blobs"],
        what=["xml *Etag"],
        given="uncommittedblobs",
    ),
    Rule(
        reason="A page blob of no size has no ranges; Azurite says that none can be asked.",
        operations=["Get Page Ranges"],
        ours=["200"],
        theirs=["416 *"],
    ),
    Rule(
        reason="The tier that a copy is given is kept; Azurite takes it for an inferred one.",
        operations=["List Blobs", "Get Blob*"],
        what=["*AccessTierChangeTime", "*AccessTierInferred", "header x-ms-access-tier-*"],
        theirs=["-", "true"],
    ),
    # what answers tell
    Rule(
        reason="A list gives at most 5,000 entries, and says so; Azurite repeats what was asked.",
        operations=["List *"],
        what=["xml *MaxResults"],
        ours=["5000"],
    ),
    Rule(
        reason="A blob of which only blocks exist is listed with the type that it would get; Azurite leaves it out.",
        operations=["List Blobs"],
        what=["xml *Content-Type"],
        theirs=["-"],
    ),
    Rule(
        reason="Encryption scopes are told as of an account without its own, as Azure does; Azurite leaves them out.",
        what=["header x-ms-default-encryption-scope", "header x-ms-deny-encryption-scope-override", "xml *EncryptionScope*"],
        theirs=["-"],
    ),
    Rule(
        reason="Version-level immutability is told to be off, as in Azure; Azurite leaves it out.",
        what=["header x-ms-immutable-storage-with-versioning-enabled", "xml *ImmutableStorageWithVersioningEnabled*"],
        theirs=["-"],
    ),
    Rule(
        reason="A snapshot is told to be encrypted, as Azure does; Azurite leaves it out.",
        what=["header x-ms-request-server-encrypted", "xml *ServerEncrypted"],
        theirs=["-"],
    ),
    Rule(
        reason="Metadata and ACL of a container come without its properties, as in Azure; Azurite adds them.",
        operations=["Get Container Properties*"],
        what=["header x-ms-has-*", "header x-ms-lease-*"],
        ours=["-"],
    ),
    Rule(
        reason="A HEAD is answered with the headers that a GET has.",
        operations=["Get Container Properties*"],
        what=["header content-type"],
        theirs=["-"],
    ),
    Rule(
        reason="The newest version is ours, and soft delete is told to be off; Azurite leaves that out.",
        operations=["Get service or account properties"],
        what=["xml *DefaultServiceVersion", "xml *DeleteRetentionPolicy/Enabled"],
    ),
    Rule(
        reason="A list that shows metadata shows an empty element where there is none, as Azure does.",
        what=["xml */Metadata"],
        ours=[""],
        theirs=["-"],
    ),
    Rule(
        reason="The time at which the tier changed is told where it was ever set, as in Azure; Azurite tells it always.",
        what=["xml *AccessTierChangeTime", "header x-ms-access-tier-change-time"],
        ours=["-"],
    ),
)
"""All of them; a difference that none fits fails the test."""


def reason_for(ask: Ask, difference: Difference) -> str | None:
    """Give why a difference is meant; None where it is not."""
    return next((rule.reason for rule in RULES if rule.fits(ask, difference)), None)


def table() -> str:
    """Give the differences as the documentation has them."""
    wheres: dict[str, list[str]] = {}
    for rule in RULES:
        names = ["everywhere" if one == "*" else one.rstrip("*").strip() for one in rule.operations]
        wheres.setdefault(rule.reason, []).extend(names)
    rows = [f"| {reason} | {', '.join(dict.fromkeys(where))} |" for reason, where in wheres.items()]
    return "\n".join(["| difference | where |", "|---|---|", *rows])
