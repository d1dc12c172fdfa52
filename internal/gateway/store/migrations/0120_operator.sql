-- +goose Up

-- One of the seller's own people. email_key is the address in lower case.
create table operator (
    id            text   primary key,
    email         text   not null,
    email_key     text   not null unique,
    name          text   not null,
    role          text   not null,
    password_hash text   not null,
    created_us    bigint not null
);

-- One browser's being signed in to the console. hash is of the secret in its cookie.
create table operator_session (
    hash       text   primary key,
    operator   text   not null references operator (id),
    created_us bigint not null,
    seen_us    bigint not null,
    expires_us bigint not null
);
create index operator_session_expires on operator_session (expires_us);
create index operator_session_operator on operator_session (operator);

-- Who did what. Each entry has the hash of the one before in its own.
create table audit_entry (
    seq        bigint primary key,
    at_us      bigint not null,
    actor      text   not null,
    actor_name text   not null,
    actor_from text   not null,
    action     text   not null,
    subject    text   not null,
    detail     text   not null,
    prior_hash text   not null,
    hash       text   not null
);

-- +goose Down
drop table audit_entry;
drop table operator_session;
drop table operator;
