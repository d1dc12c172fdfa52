-- +goose Up
create table license (
    id                  text primary key,
    product_code        text not null,
    arn                 text not null,
    customer            text not null,
    customer_identifier text not null,
    offer               text not null,
    offer_at_us         bigint not null,
    legacy              bigint not null,
    account             text not null,
    created_us          bigint not null,
    -- The standing, worked out from the facts: kept here for queries, never read back as truth.
    state               text not null,
    why                 text not null,
    since_us            bigint not null,
    next                text not null,
    by_us               bigint not null,
    activated_us        bigint not null,
    opens_us            bigint not null,
    closes_us           bigint not null,
    merged_into         text not null default ''
);
create index license_by_account on license (account);

create table license_arn (
    arn        text primary key,
    license_id text not null references license (id)
);

create table agreement (
    id          text primary key,
    follows     text not null,
    first_at_us bigint not null
);

-- AWS named both together.
create table license_agreement (
    license_id   text not null references license (id),
    agreement_id text not null,
    primary key (license_id, agreement_id)
);

-- About a licence, or (license_id empty) about every licence that an agreement leads to.
create table license_fact (
    license_id   text not null,
    agreement_id text not null,
    id           text not null,
    kind         text not null,
    at_us        bigint not null,
    primary key (license_id, agreement_id, id)
);

-- +goose Down
drop table license_fact;
drop table license_agreement;
drop table agreement;
drop table license_arn;
drop table license;
