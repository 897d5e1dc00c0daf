-- The stages in which images are judged, in order: a reject is counted where it first fails.
-- view
select * from (values
    ('source', 1), ('takedown', 2), ('broken', 3), ('override', 4), ('size', 5), ('aspect', 6), ('blur', 7), ('text', 8),
    ('duplicate', 9), ('corpus', 10), ('caption', 11)
) stages(stage, rank)
