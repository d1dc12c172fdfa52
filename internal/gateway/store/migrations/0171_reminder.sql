-- +goose Up

-- How long before an agreement's end somebody was told of it, or nobody was to be: for one end of it.
create table agreement_reminder (
    agreement_id text   not null,
    ends_us      bigint not null,
    lead_us      bigint not null,
    at_us        bigint not null,
    primary key (agreement_id, ends_us, lead_us)
);
create index aws_agreement_ends on aws_agreement (status, ends_us, id);

-- +goose Down
drop index aws_agreement_ends;
drop table agreement_reminder;
