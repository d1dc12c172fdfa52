-- +goose Up

-- An account of one of the seller's customers. email_key is the address in lower case.
create table account (
    id            text   primary key,
    email         text   not null,
    email_key     text   not null unique,
    name          text   not null,
    company       text   not null,
    password_hash text   not null,
    created_us    bigint not null
);
create index account_created on account (created_us, id);

-- One browser's being signed in. hash is of the secret in its cookie.
create table session (
    hash       text   primary key,
    account    text   not null references account (id),
    created_us bigint not null,
    seen_us    bigint not null,
    expires_us bigint not null
);
create index session_expires on session (expires_us);

-- Introduces an account to the seller's application, once. hash is of the secret in the URL.
create table signin_handle (
    hash       text   primary key,
    account    text   not null references account (id),
    product    text   not null,
    expires_us bigint not null
);
create index signin_handle_expires on signin_handle (expires_us);

-- How often a subject (hash of an address, an account, or both) has tried to sign in.
create table signin_attempt (
    subject    text   primary key,
    count      bigint not null,
    blocked_us bigint not null,
    expires_us bigint not null
);
create index signin_attempt_expires on signin_attempt (expires_us);

-- +goose Down
drop table signin_attempt;
drop table signin_handle;
drop table session;
drop table account;
