-- +goose Up
create table notice (
    key          text primary key,
    channel      text not null,
    kind         text not null,
    role         text not null,
    product_code text not null,
    message_id   text not null,
    at_us        bigint not null,
    sent_us      bigint not null,
    received_us  bigint not null,
    last_us      bigint not null,
    deliveries   bigint not null,
    body         text not null,
    outcome      text not null,
    why          text not null,
    license_id   text not null
);
create index notice_by_time on notice (received_us, key);
create index notice_by_outcome on notice (outcome, received_us);

-- +goose Down
drop table notice;
