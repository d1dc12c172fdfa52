-- +goose Up

-- An hour's segments, in the partition they are asked for in; without it SQLite prefers to go through the partition.
drop index usage_segment_hour;
drop index usage_segment_wide;
create index usage_segment_hour on usage_segment (part, last_hour, first_hour);
create index usage_segment_wide on usage_segment (part, last_hour, first_hour) where last_hour > first_hour + 2;

-- +goose Down
drop index usage_segment_wide;
drop index usage_segment_hour;
create index usage_segment_hour on usage_segment (last_hour);
create index usage_segment_wide on usage_segment (last_hour) where last_hour > first_hour + 2;
