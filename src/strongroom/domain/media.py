"""Media types, and the few plain types that people filter by (``type:image``)."""

IMAGE, PDF, TEXT, DOCUMENT, SPREADSHEET, PRESENTATION = "image", "pdf", "text", "document", "spreadsheet", "presentation"
MAIL, ARCHIVE, AUDIO, VIDEO, OTHER = "mail", "archive", "audio", "video", "other"
TYPES = (IMAGE, PDF, TEXT, DOCUMENT, SPREADSHEET, PRESENTATION, MAIL, ARCHIVE, AUDIO, VIDEO, OTHER)
TYPE_ALIASES = {"office": (DOCUMENT, SPREADSHEET, PRESENTATION), "photo": (IMAGE,), "picture": (IMAGE,), "email": (MAIL,)}

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."

OCTETS = "application/octet-stream"
EMPTY = "application/x-empty"
MSG = "application/vnd.ms-outlook"
MBOX = "application/mbox"
EML = "message/rfc822"
TNEF = "application/ms-tnef"

DOCUMENT_TYPES = (
    "application/msword",
    OOXML + "wordprocessingml.document",
    "application/vnd.ms-word.document.macroenabled.12",
    "application/vnd.ms-word.template.macroenabled.12",
    OOXML + "wordprocessingml.template",
    ODF + "text",
    ODF + "text-template",
    "application/rtf",
    "application/epub+zip",
)
SPREADSHEET_TYPES = (
    "application/vnd.ms-excel",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-excel.template.macroenabled.12",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    OOXML + "spreadsheetml.sheet",
    OOXML + "spreadsheetml.template",
    ODF + "spreadsheet",
    ODF + "spreadsheet-template",
)
PRESENTATION_TYPES = (
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
    "application/vnd.ms-powerpoint.template.macroenabled.12",
    OOXML + "presentationml.presentation",
    OOXML + "presentationml.slideshow",
    OOXML + "presentationml.template",
    ODF + "presentation",
    ODF + "presentation-template",
    ODF + "graphics",
)
ARCHIVE_TYPES = (
    "application/zip",
    "application/x-tar",
    "application/gzip",
    "application/x-bzip2",
    "application/x-xz",
    "application/x-7z-compressed",
    "application/zstd",
    "application/java-archive",
    "application/vnd.android.package-archive",
)
MAIL_TYPES = (EML, MSG, MBOX, TNEF)
TEXT_TYPES = (
    "application/json",
    "application/xml",
    "application/x-ndjson",
    "application/javascript",
    "application/yaml",
    "application/toml",
)

_EXACT: dict[str, str] = {
    "application/pdf": PDF,
    **dict.fromkeys(DOCUMENT_TYPES, DOCUMENT),
    **dict.fromkeys(SPREADSHEET_TYPES, SPREADSHEET),
    **dict.fromkeys(PRESENTATION_TYPES, PRESENTATION),
    **dict.fromkeys(ARCHIVE_TYPES, ARCHIVE),
    **dict.fromkeys(MAIL_TYPES, MAIL),
    **dict.fromkeys(TEXT_TYPES, TEXT),
}
_FAMILY = {"image": IMAGE, "text": TEXT, "audio": AUDIO, "video": VIDEO}


def type_of(media_type: str) -> str:
    """Give the plain type (one of `TYPES`) of a media type such as ``image/jpeg``."""
    return _EXACT.get(media_type) or _FAMILY.get(media_type.split("/", 1)[0], OTHER)
