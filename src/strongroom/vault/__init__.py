"""The vault: bytes of blobs, whole, in blocks, copied, mounted; durable before they are acknowledged."""

from strongroom.storage.catalog.blobs import ALWAYS, Condition
from strongroom.vault.files import file_stamp
from strongroom.vault.vault import Vault
from strongroom.vault.write import PutItem

__all__ = ["ALWAYS", "Condition", "PutItem", "Vault", "file_stamp"]
