"""The cleaning rules: parsing, normalization, rejection reasons, refusals, and the split.

The rules are pure functions over Arrow and numpy arrays, and keep no state: texts and the file's conventions
go in, values come out. What one batch cannot know is found in a first pass: each batch gives its ``Proofs``
(``DateReadings.proofs``, ``prove_number_styles``), these are merged, and ``Proofs.resolve`` gives the
``Conventions`` that every batch is parsed by (``resolve_dates``, ``parse_numbers``, ``clean_ids``,
``clean_texts``). ``classify`` then judges each row alone, except for the reason ``duplicate``, which needs
all rows. ``parse_table`` runs both passes over a table that is in memory as a whole.
"""
