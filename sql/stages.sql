-- The stages in which images are judged, in order: a reject is counted where it first fails.
-- view
select * from (values
    ('source', 1), ('broken', 2), ('content', 3), ('size', 4), ('aspect', 5), ('blur', 6), ('text', 7), ('duplicate', 8),
    ('corpus', 9), ('caption', 10)
) stages(stage, rank)
