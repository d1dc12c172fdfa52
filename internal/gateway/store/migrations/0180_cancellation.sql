-- +goose Up

-- The seller's requests to buyers to end an agreement before its time, and what became of them. What AWS is asked
-- (agreement_id, reason, description, and the client token, which is made of id) never changes.
create table cancellation (
    id               text   primary key,
    license_id       text   not null,
    agreement_id     text   not null,
    reason           text   not null,
    description      text   not null,
    asked_key        text   not null,
    asked_person     text   not null,
    created_us       bigint not null,
    decided_key      text   not null,
    decided_person   text   not null,
    decided_us       bigint not null,
    aws_id           text   not null,
    respond_us       bigint not null,
    withdrawn_key    text   not null,
    withdrawn_person text   not null,
    withdrawn_why    text   not null,
    settled_us       bigint not null,
    state            text   not null,
    why              text   not null,
    since_us         bigint not null,
    due_us           bigint not null,
    tries            bigint not null,
    revision         bigint not null
);
create index cancellation_created on cancellation (created_us, id);
create index cancellation_license on cancellation (license_id, created_us, id);
create index cancellation_agreement on cancellation (agreement_id);
create index cancellation_due on cancellation (due_us, id) where due_us <> 0;

-- +goose Down
drop table cancellation;
