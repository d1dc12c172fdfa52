-- +goose Up

-- The final sum of an hour; reason is why it cannot be billed, or empty.
create table metering_total (
    hour        bigint not null,
    license     text   not null,
    dimension   text   not null,
    reason      text   not null,
    amount      text   not null,
    events      bigint not null,
    late        bigint not null,
    carried_in  text   not null,
    carried_out text   not null,
    primary key (hour, license, dimension, reason)
);
create index metering_total_license on metering_total (license, hour);

-- Accepted usage that is in no record yet.
create table metering_balance (
    license   text   not null,
    dimension text   not null,
    amount    text   not null,
    since_us  bigint not null,
    primary key (license, dimension)
);

-- What was given up, with its reason.
create table metering_writeoff (
    license   text   not null,
    dimension text   not null,
    at_us     bigint not null,
    hour      bigint not null,
    amount    text   not null,
    reason    text   not null,
    moved_to  text   not null,
    primary key (license, dimension, at_us, hour)
);

-- One quantity per licence, dimension and hour. What is sent (the columns up to quantity) never changes.
create table metering_record (
    id                  text   not null primary key,
    license             text   not null,
    dimension           text   not null,
    hour                bigint not null,
    product             text   not null,
    customer            text   not null,
    license_arn         text   not null,
    customer_identifier text   not null,
    stamp_s             bigint not null,
    quantity            bigint not null,
    state               text   not null,
    reason              text   not null,
    why                 text   not null,
    since_us            bigint not null,
    expires_us          bigint not null,
    deadline_us         bigint not null,
    retry_us            bigint not null,
    tries               bigint not null,
    most                bigint not null,
    unsure              boolean not null,
    attempt             text   not null,
    receipt             text   not null,
    unique (license, dimension, hour)
);
create index metering_record_open on metering_record (deadline_us, id, retry_us) where state in ('waiting', 'parked');
create index metering_record_sending on metering_record (attempt) where state = 'sending';

-- Requests, stored before they are sent, and what AWS answered.
create table metering_attempt (
    id          text   not null primary key,
    at_us       bigint not null,
    records     text   not null,
    request     text   not null,
    answered_us bigint not null,
    outcome     text   not null,
    code        text   not null,
    answer      text   not null
);

-- +goose Down
drop table metering_attempt;
drop table metering_record;
drop table metering_writeoff;
drop table metering_balance;
drop table metering_total;
