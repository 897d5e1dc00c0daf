-- The images that people keep although others look like them.
-- inputs: kept_by_hand
select image_id from kept_by_hand where stands_alone
