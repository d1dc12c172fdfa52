-- +goose Up

-- What was billed wrongly, and what became of it. request_body is the exact request to AWS; once there, it never changes.
create table correction (
    id             text   primary key,
    kind           text   not null,
    license_id     text   not null,
    dimension      text   not null,
    quantity       text   not null,
    amount         text   not null,
    month_us       bigint not null,
    invoice        text   not null,
    reason         text   not null,
    description    text   not null,
    tags           text   not null,
    asked_key      text   not null,
    asked_person   text   not null,
    created_us     bigint not null,
    decided_key    text   not null,
    decided_person text   not null,
    decided_us     bigint not null,
    request_body   text   not null,
    maximum        text   not null,
    sent_us        bigint not null,
    aws_id         text   not null,
    state          text   not null,
    why            text   not null,
    since_us       bigint not null,
    due_us         bigint not null,
    tries          bigint not null,
    revision       bigint not null
);
create index correction_created on correction (created_us, id);
create index correction_license on correction (license_id, created_us, id);
create index correction_due on correction (due_us) where due_us <> 0;

-- +goose Down
drop table correction;
