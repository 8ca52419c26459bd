"""Which analyzers a room has: the built-in ones, and those that installed packages bring."""

from collections.abc import Iterable
from importlib.metadata import entry_points

from strongroom.analyzers import built_in
from strongroom.analyzers.bounds import Bounds
from strongroom.analyzers.image_description import ImageDescriptionAnalyzer
from strongroom.domain.settings import Settings
from strongroom.errors import SettingError
from strongroom.governance.capabilities import refuse_forbidden
from strongroom.models.chat import load_describer
from strongroom.ports import Analyzer

GROUP = "strongroom.analyzers"
"""Entry point group in which a package names its analyzers, each a class or function that takes no argument."""


def load_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Load the analyzers of a room; called when a room opens, never at import.

    Raises:
        SettingError: A plug-in cannot be loaded, or two analyzers share a name.
        AccessDenied: An analyzer declares a capability that no policy can permit.
    """
    bounds = Bounds(
        depth=settings.member_depth,
        count=settings.member_count,
        size=settings.member_bytes,
        ratio=settings.member_ratio,
    )
    describer = load_describer(settings)
    described = [ImageDescriptionAnalyzer(describer)] if describer is not None else []
    found = [*built_in(bounds, office=settings.office), *described, *(_plugins() if settings.plugins else ())]
    names: set[str] = set()
    for analyzer in found:
        refuse_forbidden(analyzer.spec)
        if analyzer.spec.name in names:
            raise SettingError(f"two analyzers are named {analyzer.spec.name!r}: uninstall one, or set plugins to false")
        names.add(analyzer.spec.name)
    return tuple(found)


def _plugins() -> Iterable[Analyzer]:
    for point in entry_points(group=GROUP):
        try:
            yield point.load()()
        except Exception as error:
            raise SettingError(
                f"the analyzer {point.name!r} of an installed package cannot be loaded: {error}; "
                "uninstall it, or set plugins to false"
            ) from error
