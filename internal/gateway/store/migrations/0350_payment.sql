-- +goose Up

-- The seller's requests to buyers for payments under an agreement, and what became of them. What AWS is asked (agreement_id,
-- term_id, name, amount, description, and the client token, which is made of id) never changes.
create table payment (
    id               text   primary key,
    license_id       text   not null,
    agreement_id     text   not null,
    term_id          text   not null,
    name             text   not null,
    amount           text   not null,
    currency         text   not null,
    description      text   not null,
    maximum          text   not null,
    silence          text   not null,
    asked_key        text   not null,
    asked_person     text   not null,
    created_us       bigint not null,
    decided_key      text   not null,
    decided_person   text   not null,
    decided_us       bigint not null,
    aws_id           text   not null,
    charge_id        text   not null,
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
create index payment_created on payment (created_us, id);
create index payment_license on payment (license_id, created_us, id);
create index payment_agreement on payment (agreement_id);
create index payment_due on payment (due_us, id) where due_us <> 0;
create index payment_aws on payment (aws_id) where aws_id <> '';
create index payment_charge on payment (charge_id) where charge_id <> '';

-- +goose Down
drop table payment;
