"""What no policy can permit: the engine refuses an analyzer that declares it."""

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.errors import AccessDenied

FORBIDDEN = {
    "face-template": "a template that recognises a face",
    "gait-template": "a template that recognises a way of walking",
    "voice-template": "a template that recognises a voice",
    "re-identification": "the same person or vehicle found again elsewhere",
    "licence-plate-search": "licence plates as search keys",
    "location-trail": "the movements of a person, telephone or vehicle",
}
"""Capability names, and what each means in words."""


def refuse_forbidden(spec: AnalyzerSpec) -> None:
    """Refuse an analyzer that could identify or track people.

    Raises:
        AccessDenied: The analyzer declares a forbidden capability; nothing can permit it.
    """
    for capability in sorted(spec.capabilities & set(FORBIDDEN)):
        raise AccessDenied(
            f"the analyzer {spec.name!r} declares {capability} ({FORBIDDEN[capability]}): Strongroom does not identify or "
            "track people, and no setting or policy changes that; remove the package that brings it"
        )
