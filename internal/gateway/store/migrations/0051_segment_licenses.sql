-- +goose Up

-- Which licences a segment has events of, as a filter: before the body, so that looking at it does not read that.
create table usage_segment_new (
    part       bigint not null,
    seq        bigint not null,
    first_hour bigint not null,
    last_hour  bigint not null,
    events     bigint not null,
    at_us      bigint not null,
    licenses   bytea  not null,
    body       bytea  not null,
    primary key (part, seq)
);
insert into usage_segment_new (part, seq, first_hour, last_hour, events, at_us, licenses, body)
    select part, seq, first_hour, last_hour, events, at_us, '', body from usage_segment order by part, seq;
drop table usage_segment;
alter table usage_segment_new rename to usage_segment;
create index usage_segment_hour on usage_segment (last_hour);
-- Nearly all segments span an hour or two; the others are few.
create index usage_segment_wide on usage_segment (last_hour) where last_hour > first_hour + 2;

-- +goose Down
drop index usage_segment_wide;
alter table usage_segment drop column licenses;
