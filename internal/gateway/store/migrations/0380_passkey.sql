-- souk:works-from 340
-- +goose Up

-- A key that somebody signs in with: credential is what their program calls it, and public_key is all that is known of it, as COSE has
-- it. Neither opens anything. synced is what the program said of it for good: that it may have copies.
create table person_passkey (
    id         text   primary key,
    person     text   not null references person (id) on delete cascade,
    credential text   not null unique,
    public_key bytea  not null,
    sign_count bigint not null,
    synced     boolean not null,
    name       text   not null,
    added_us   bigint not null,
    used_us    bigint not null
);
create index person_passkey_person on person_passkey (person);

-- What was answered with a passkey, until it would be too old anyway: an answer is good once.
create table passkey_answer (
    hash       text   primary key,
    expires_us bigint not null
);
create index passkey_answer_expires on passkey_answer (expires_us);

-- +goose Down
drop table passkey_answer;
drop table person_passkey;
