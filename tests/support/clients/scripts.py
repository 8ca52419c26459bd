"""Every script, by the name that the documentation gives the client."""

from clients.azcopy import AzCopy
from clients.duckdb_azure import DuckDb
from clients.fsspec_adlfs import Adlfs
from clients.obstore_azure import Obstore
from clients.python_aio import PythonAio
from clients.python_sdk import PythonSdk
from clients.python_sdk_beyond import PythonSdkBeyond
from clients.python_sdk_kinds import PythonSdkKinds
from clients.rclone import Rclone

SCRIPTS: dict[str, type] = {
    "azure-storage-blob": PythonSdk,
    "azure-storage-blob, kinds of blobs": PythonSdkKinds,
    "azure-storage-blob, what Azurite lacks": PythonSdkBeyond,
    "azure-storage-blob.aio": PythonAio,
    "adlfs": Adlfs,
    "obstore": Obstore,
    "rclone": Rclone,
    "azcopy": AzCopy,
    "DuckDB": DuckDb,
}
