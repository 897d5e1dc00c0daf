-- The stages in which images are judged, in order: a reject is counted where it first fails.
-- view
select * from (values
    ('source', 1), ('takedown', 2), ('broken', 3), ('override', 4), ('content', 5), ('size', 6), ('aspect', 7), ('blur', 8),
    ('text', 9), ('duplicate', 10), ('corpus', 11), ('caption', 12)
) stages(stage, rank)
