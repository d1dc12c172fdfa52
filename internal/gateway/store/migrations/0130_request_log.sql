-- +goose Up

-- What is no more of the requests to AWS: the newest one, which sorts by time, and how many.
create table metering_log (
    part          bigint not null primary key,
    dropped_id    text   not null,
    dropped_count bigint not null,
    drop_us       bigint not null
);

-- +goose Down
drop table metering_log;
