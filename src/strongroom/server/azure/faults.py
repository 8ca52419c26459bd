"""What goes wrong in the blob service, in the protocol's own words.

https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
"""

from collections.abc import Mapping, Sequence

from strongroom.errors import StrongroomError, codes


class Fault(Exception):
    """A request that is answered with one of the protocol's error codes."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        status: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
        **details: str,
    ) -> None:
        """Name the fault.

        Args:
            code: One of `FAULTS`.
            message: What to say; the protocol's own sentence if not given.
            status: The HTTP status, where it is not the code's own.
            headers: Headers that go with it.
            details: Further elements of the error's XML, such as ``HeaderName`` and ``HeaderValue``.
        """
        usual, sentence = FAULTS[code]
        super().__init__(message or sentence)
        self.code = "ConditionNotMet" if code == "NotModified" else code
        """The protocol's code; that of a condition is one, whether the reader has the blob already (304) or not (412)."""
        self.status = status or usual
        """The HTTP status."""
        self.headers = headers
        """Headers that go with it."""
        self.message = message or sentence
        """For people."""
        self.details: Mapping[str, str] = details
        """Further elements."""


def fault_of(error: StrongroomError) -> Fault:
    """Give the fault that tells of one of Strongroom's errors; only those of the client say more than the code does."""
    known = codes(error)
    if error.code in FAULTS:
        return Fault(str(error.code))
    return Fault(known.azure, str(error) if known.http < 500 else None, status=known.http)  # noqa: PLR2004


def source_fault(status: int, code: str | None, message: str, *, told: int | None = None) -> Fault:
    """Give the fault of a copy whose source may not be read, with what the source says.

    https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url

    Args:
        status: What the source answers.
        code: Its error code, where it says one.
        message: What to say.
        told: The status of the fault; the source's own if not given.
    """
    headers = [("x-ms-copy-source-status-code", str(status))]
    if code:
        headers.append(("x-ms-copy-source-error-code", code))
    return Fault("CannotVerifyCopySource", message, status=told or status, headers=headers)


FAULTS: Mapping[str, tuple[int, str]] = {
    "AccessTierNotSupportedForBlobType": (400, "The access tier is not supported for this blob type."),
    "AccountIsDisabled": (403, "The specified account is disabled."),
    "AllBatchSubRequestsShouldBeSameApi": (400, "All batch subrequests should be the same api."),
    "AppendPositionConditionNotMet": (412, "The append position condition specified was not met."),
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature.",  # noqa: E501 - the protocol's sentence
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (403, "This request is not authorized to perform this operation using this permission."),
    "AuthorizationProtocolMismatch": (403, "This request is not authorized to perform this operation using this protocol."),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (403, "This request is not authorized to perform this operation using this service."),
    "AuthorizationSourceIPMismatch": (403, "This request is not authorized to perform this operation using this source IP."),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobArchived": (409, "This operation is not permitted on an archived blob."),
    "BlobBeingRehydrated": (409, "This operation is not permitted because the blob is being rehydrated."),
    "BlobImmutableDueToLegalHold": (409, "This operation is not permitted as the blob is immutable due to a legal hold."),
    "BlobImmutableDueToPolicy": (409, "This operation is not permitted as the blob is immutable due to a policy."),
    "BlobIsSealed": (
        409,
        "The specified blob is sealed, and its contents can't be modified unless the blob is re-created after a delete.",
    ),
    "BlobNotArchived": (409, "This operation is not permitted because the blob is not in the archived state."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "BlobOverwritten": (409, "The blob has been recreated since the previous snapshot was taken."),
    "BlobTierInadequateForContentLength": (409, "Specified blob tier size limit cannot be less than content length."),
    "BlockCountExceedsLimit": (409, "The committed block count cannot exceed the maximum limit of 50,000 blocks."),
    "BlockListTooLong": (400, "The block list may not contain more than 50,000 blocks."),
    "BothCrc64AndMd5HeaderPresent": (400, "Both x-ms-content-crc64 header and Content-MD5 header are present."),
    "BothUserTagsAndSourceTagsCopyPresentException": (
        400,
        "x-ms-tags header must not be present with x-ms-copy-source-tag-option as COPY.",
    ),
    "CannotChangeToLowerTier": (409, "A higher blob tier has already been explicitly set."),
    "CannotVerifyCopySource": (400, "Could not verify the copy source."),
    "ConditionHeadersNotSupported": (400, "Condition headers are not supported."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "ContainerBeingDeleted": (409, "The specified container is being deleted. Try operation later."),
    "ContainerDisabled": (409, "The specified container has been disabled by the administrator."),
    "ContainerImmutabilityPolicyProtected": (
        409,
        "This operation is not permitted as the container is protected by an immutability policy or a legal hold.",
    ),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "CopyAcrossAccountsNotSupported": (400, "The copy source account and destination account must be the same."),
    "CopyIdMismatch": (409, "The specified copy ID did not match the copy ID for the pending copy operation."),
    "CorsPreflightFailure": (403, "CORS not enabled or no matching rule found for this request."),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
    ),
    "DuplicateTagNames": (400, "The tags specified contain duplicate names."),
    "EmptyMetadataKey": (400, "The key for one of the metadata key-value pairs is empty."),
    "EmptyTagName": (400, "The name of one of the tag key-value pairs is empty."),
    "ExceedsMaxBatchRequestCount": (400, "The batch operation exceeds maximum number of allowed subrequests."),
    "FeatureVersionMismatch": (409, "The operation for this blob requires a higher version."),
    "IncrementalCopyBlobMismatch": (
        409,
        "The specified source blob is different than the copy source of the existing incremental copy blob.",
    ),
    "IncrementalCopyOfEarlierSnapshotNotAllowed": (
        409,
        "The specified snapshot is earlier than the last snapshot copied into the incremental copy blob.",
    ),
    "IncrementalCopySourceMustBeSnapshot": (409, "The source for incremental copy request must be a snapshot."),
    "InfiniteLeaseDurationRequired": (412, "The lease ID matched, but the specified lease must be an infinite-duration lease."),
    "InsufficientAccountPermissions": (
        403,
        "The account being accessed does not have sufficient permissions to execute this operation.",
    ),
    "InternalError": (500, "The server encountered an internal error. Please retry the request."),
    "InvalidAuthenticationInfo": (
        400,
        "Authentication information is not given in the correct format. Check the value of Authorization header.",
    ),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "InvalidBlobTier": (400, "The specified blob tier is invalid."),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "InvalidBlockId": (400, "The specified block ID is invalid. The block ID must be Base64-encoded."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidMd5": (
        400,
        "The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded.",
    ),
    "InvalidMetadata": (400, "The metadata specified is invalid. It has characters that are not permitted."),
    "InvalidOperation": (400, "Invalid operation against a blob snapshot."),
    "InvalidPageRange": (416, "The page range specified is invalid."),
    "InvalidQueryParameterValue": (400, "Value for one of the query parameters specified in the request URI is invalid."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidSourceBlobType": (409, "The copy source blob type is invalid for this operation."),
    "InvalidSourceBlobUrl": (409, "The source URL for incremental copy request must be valid Azure Storage blob URL."),
    "InvalidTag": (400, "The tags specified are invalid. It contains characters that are not permitted."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidVersionForPageBlobOperation": (409, "All operations on page blobs require at least version 2009-09-19."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "InvalidXmlNodeValue": (400, "The value for one of the XML nodes is not in the correct format."),
    "LeaseAlreadyBroken": (409, "The lease ID matched, but the lease has been broken explicitly and cannot be broken again."),
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatchWithBlobOperation": (412, "The lease ID specified did not match the lease ID for the blob."),
    "LeaseIdMismatchWithContainerOperation": (412, "The lease ID specified did not match the lease ID for the container."),
    "LeaseIdMismatchWithLeaseOperation": (409, "The lease ID specified did not match the lease ID for the container or blob."),
    "LeaseIdMissing": (412, "There is currently a lease on the blob and no lease ID was specified in the request."),
    "LeaseIsBreakingAndCannotBeAcquired": (409, "There is already a breaking lease, and can't be acquired."),
    "LeaseIsBreakingAndCannotBeChanged": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed.",
    ),
    "LeaseIsBrokenAndCannotBeRenewed": (
        409,
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
    ),
    "LeaseLost": (412, "A lease ID was specified, but the lease for the blob has expired."),
    "LeaseNotPresentWithBlobOperation": (412, "A lease ID was specified, but the lease for the blob has expired."),
    "LeaseNotPresentWithContainerOperation": (412, "A lease ID was specified, but the lease for the container has expired."),
    "LeaseNotPresentWithLeaseOperation": (409, "There is currently no lease on the container or blob."),
    "MaxBlobSizeConditionNotMet": (412, "The max blob size condition specified was not met."),
    "Md5Mismatch": (400, "The MD5 value specified in the request did not match with the MD5 value calculated by the server."),
    "MetadataTooLarge": (400, "The size of the specified metadata exceeds the maximum size permitted."),
    "MissingContentLengthHeader": (411, "Content-Length HTTP header is missing."),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "MissingRequiredQueryParameter": (400, "A query parameter that's mandatory for this request is not specified."),
    "MissingRequiredXmlNode": (400, "A required XML node was not specified in the request body."),
    "MultipleConditionHeadersNotSupported": (400, "Multiple condition headers are not supported."),
    "MutuallyExclusiveQueryParameters": (400, "Two query parameters that exclude each other are specified."),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "NoPendingCopyOperation": (409, "There is currently no pending copy operation."),
    "NotImplemented": (501, "The requested operation is not implemented on the specified resource."),
    "NotModified": (304, "The condition specified using HTTP conditional header(s) is not met."),
    "OperationNotAllowedOnRootBlob": (403, "The specified operation is not allowed on root blob."),
    "OperationTimedOut": (500, "The operation could not be completed within the permitted time."),
    "OutOfRangeInput": (400, "One of the request inputs is out of range."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "PendingCopyOperation": (409, "There is currently a pending copy operation."),
    "PreviousSnapshotCannotBeNewer": (
        400,
        "The prevsnapshot query parameter value cannot be newer than snapshot query parameter value.",
    ),
    "PreviousSnapshotNotFound": (409, "The previous snapshot is not found."),
    "PreviousSnapshotOperationNotSupported": (409, "Differential Get Page Ranges is not supported on the previous snapshot."),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "RequestHeadersTooLarge": (431, "The request headers are too large."),
    "RequestTimeout": (408, "The request was not received within the permitted time."),
    "RequestUrlFailedToParse": (400, "The url in the request could not be parsed."),
    "ResourceAlreadyExists": (409, "The specified resource already exists."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "ResourceTypeMismatch": (409, "The specified resource type does not match the type of the existing resource."),
    "SequenceNumberConditionNotMet": (412, "The sequence number condition specified was not met."),
    "SequenceNumberIncrementTooLarge": (
        409,
        "The sequence number increment cannot be performed because it would result in overflow of the sequence number.",
    ),
    "ServerBusy": (503, "The server is currently unable to receive requests. Please retry your request."),
    "SnapshotCountExceeded": (409, "The snapshot count against this blob has been exceeded."),
    "SnapshotOperationRateExceeded": (409, "The rate of snapshot operations against this blob has been exceeded."),
    "SnapshotsPresent": (409, "This operation is not permitted because the blob has snapshots."),
    "SourceConditionNotMet": (412, "The source condition specified using HTTP conditional header(s) is not met."),
    "SystemInUse": (409, "This blob is in use by the system."),
    "TagsTooLarge": (400, "The tags specified exceed the maximum permissible limit."),
    "TargetConditionNotMet": (412, "The target condition specified using HTTP conditional header(s) is not met."),
    "UnauthorizedBlobOverwrite": (403, "This request is not authorized to perform blob overwrites."),
    "UnexpectedSyncCopyStatus": (409, 'Expected copyStatus to be "success" but got different status.'),
    "UnsatisfiableCondition": (400, "The request includes an unsatisfiable condition for this operation."),
    "UnsupportedHeader": (400, "One of the HTTP headers specified in the request is not supported."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "UnsupportedQueryParameter": (400, "One of the query parameters specified in the request URI is not supported."),
    "UnsupportedXmlNode": (400, "One of the XML nodes specified in the request body is not supported."),
}
"""HTTP status and sentence of each code."""
