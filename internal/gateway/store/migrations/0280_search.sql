-- +goose Up

-- Things are found by the names that AWS gave them: a request to the metering service by AWS's id of it, a notice by its event's
-- own id. Both are '' where AWS gave none, and of what came before this step.
alter table metering_attempt add column aws_request text not null default '';
alter table notice add column event_id text not null default '';

create index metering_attempt_aws on metering_attempt (aws_request) where aws_request <> '';
create index metering_record_receipt on metering_record (receipt) where receipt <> '';
create index notice_message on notice (message_id) where message_id <> '';
create index notice_event on notice (event_id) where event_id <> '';
create index correction_aws on correction (aws_id) where aws_id <> '';
create index cancellation_aws on cancellation (aws_id) where aws_id <> '';
create index aws_agreement_offer on aws_agreement (offer) where offer <> '';

-- +goose Down
drop index aws_agreement_offer;
drop index cancellation_aws;
drop index correction_aws;
drop index notice_event;
drop index notice_message;
drop index metering_record_receipt;
drop index metering_attempt_aws;
alter table notice drop column event_id;
alter table metering_attempt drop column aws_request;
