"""What leaves a room as a file: lists of results, dossiers, tables of many searches."""

from strongroom.flows.export.exporting import export, form_of

__all__ = ["export", "form_of"]
