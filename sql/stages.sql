-- The stages in which images are judged, in order: a reject is counted where it first fails.
-- view
select * from (values
    ('source', 1), ('broken', 2), ('size', 3), ('aspect', 4), ('blur', 5), ('text', 6), ('duplicate', 7), ('corpus', 8),
    ('caption', 9)
) stages(stage, rank)
