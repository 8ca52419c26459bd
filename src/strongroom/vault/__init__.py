"""The vault: bytes of blobs, whole, in blocks, copied, mounted; durable before they are acknowledged."""

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.storage.catalog.blocks import Block, BlockRef
from strongroom.storage.catalog.holds import Keeping
from strongroom.storage.catalog.properties import KeptHeaders
from strongroom.storage.catalog.removals import INCLUDE, ONLY, Which
from strongroom.vault.files import file_stamp
from strongroom.vault.listing import Page
from strongroom.vault.vault import Vault
from strongroom.vault.write import PLAIN, PutItem, Traits

__all__ = [
    "ALWAYS",
    "INCLUDE",
    "ONLY",
    "PLAIN",
    "Block",
    "BlockRef",
    "Condition",
    "Keeping",
    "KeptHeaders",
    "Page",
    "PutItem",
    "Traits",
    "Vault",
    "Which",
    "file_stamp",
]
