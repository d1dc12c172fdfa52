-- +goose Up

-- Somebody who signs in. email_key is the address in lower case. Who had an account before accounts had members has its id:
-- recovery codes, links in mails and deliveries that are under way name them by it.
create table person (
    id            text   primary key,
    email         text   not null,
    email_key     text   not null unique,
    name          text   not null,
    password_hash text   not null,
    created_us    bigint not null,
    verified_us   bigint not null,
    quiet_us      bigint not null
);
insert into person (id, email, email_key, name, password_hash, created_us, verified_us, quiet_us)
    select id, email, email_key, name, password_hash, created_us, verified_us, quiet_us from account where password_hash <> '';

-- What somebody may do in an account: role is owner or member.
create table member (
    account  text   not null references account (id),
    person   text   not null references person (id),
    role     text   not null,
    since_us bigint not null,
    primary key (account, person)
);
create index member_person on member (person);
insert into member (account, person, role, since_us) select id, id, 'owner', created_us from person;

-- What stood of the person in the account stands with the person alone. What the seller told of a customer whose account it
-- keeps stays; key is of its reference, and otherwise the account's own id.
update account set email = '', name = '', password_hash = '', verified_us = 0, quiet_us = 0, email_key = ':' || id where password_hash <> '';
alter table account rename column email_key to key;
alter table account drop column password_hash;
alter table account drop column verified_us;
alter table account drop column quiet_us;

-- What was an account's is its person's. account of a session is the one that the browser is at; '' is the person's first.
alter table session rename to session_before;
drop index session_expires;
create table session (
    hash       text   primary key,
    person     text   not null references person (id),
    account    text   not null default '',
    created_us bigint not null,
    seen_us    bigint not null,
    expires_us bigint not null
);
insert into session (hash, person, created_us, seen_us, expires_us) select hash, account, created_us, seen_us, expires_us from session_before where account in (select id from person);
drop table session_before;
create index session_expires on session (expires_us);
create index session_person on session (person);

alter table signin_handle rename to signin_handle_before;
drop index signin_handle_expires;
create table signin_handle (
    hash       text   primary key,
    account    text   not null references account (id),
    person     text   not null references person (id),
    product    text   not null,
    expires_us bigint not null
);
insert into signin_handle (hash, account, person, product, expires_us) select hash, account, account, product, expires_us from signin_handle_before where account in (select id from person);
drop table signin_handle_before;
create index signin_handle_expires on signin_handle (expires_us);

create table person_proof (
    hash       text   primary key,
    person     text   not null references person (id),
    purpose    text   not null,
    expires_us bigint not null
);
insert into person_proof (hash, person, purpose, expires_us) select hash, account, purpose, expires_us from account_proof where account in (select id from person);
drop table account_proof;
create index person_proof_person on person_proof (person);
create index person_proof_expires on person_proof (expires_us);

create table person_factor (
    person   text   primary key references person (id),
    secret   text   not null,
    step     bigint not null,
    added_us bigint not null
);
create table person_recovery (
    hash   text primary key,
    person text not null references person_factor (person)
);
create index person_recovery_person on person_recovery (person);
insert into person_factor (person, secret, step, added_us) select account, secret, step, added_us from account_factor where account in (select id from person);
insert into person_recovery (hash, person) select hash, account from account_recovery where account in (select person from person_factor);
drop table account_recovery;
drop table account_factor;

-- +goose Down
-- Each account is one person's again: its first owner's. Its other people are forgotten, and everybody signs in again.
create table account_factor (
    account  text   primary key references account (id),
    secret   text   not null,
    step     bigint not null,
    added_us bigint not null
);
create table account_recovery (
    hash    text primary key,
    account text not null references account_factor (account)
);
create index account_recovery_account on account_recovery (account);
insert into account_factor (account, secret, step, added_us) select person, secret, step, added_us from person_factor where person in (select id from account);
insert into account_recovery (hash, account) select hash, person from person_recovery where person in (select account from account_factor);
drop table person_recovery;
drop table person_factor;

drop table person_proof;
create table account_proof (
    hash       text   primary key,
    account    text   not null references account (id) on delete cascade,
    purpose    text   not null,
    expires_us bigint not null
);
create index account_proof_account on account_proof (account);
create index account_proof_expires on account_proof (expires_us);

drop table signin_handle;
create table signin_handle (
    hash       text   primary key,
    account    text   not null references account (id),
    product    text   not null,
    expires_us bigint not null
);
create index signin_handle_expires on signin_handle (expires_us);

drop table session;
create table session (
    hash       text   primary key,
    account    text   not null references account (id),
    created_us bigint not null,
    seen_us    bigint not null,
    expires_us bigint not null
);
create index session_expires on session (expires_us);

alter table account rename column key to email_key;
alter table account add column password_hash text not null default '';
alter table account add column verified_us bigint not null default 0;
alter table account add column quiet_us bigint not null default 0;
update account set
    email         = (select p.email         from person p join member m on m.person = p.id where m.account = account.id and m.role = 'owner' order by m.since_us, p.id limit 1),
    email_key     = (select p.email_key     from person p join member m on m.person = p.id where m.account = account.id and m.role = 'owner' order by m.since_us, p.id limit 1),
    name          = (select p.name          from person p join member m on m.person = p.id where m.account = account.id and m.role = 'owner' order by m.since_us, p.id limit 1),
    password_hash = (select p.password_hash from person p join member m on m.person = p.id where m.account = account.id and m.role = 'owner' order by m.since_us, p.id limit 1),
    verified_us   = (select p.verified_us   from person p join member m on m.person = p.id where m.account = account.id and m.role = 'owner' order by m.since_us, p.id limit 1)
    where id in (select account from member where role = 'owner');
drop table member;
drop table person;
