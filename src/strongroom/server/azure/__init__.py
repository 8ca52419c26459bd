"""The blob service: the Azure Blob Storage REST protocol over the room's vault.

https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""
