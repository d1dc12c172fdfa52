package main

import (
	"encoding/json"

	agreement "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	agreed "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"
)

// read reads an operation's input.
func read(text []byte, in any) error {
	create, ok := in.(*agreement.CreateAgreementRequestInput)
	if !ok {
		return json.Unmarshal(text, in)
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	*create = o.input()
	return nil
}

// order is the input of CreateAgreementRequest as JSON has it: the SDK's unions cannot be read from JSON.
type order struct {
	agreement.CreateAgreementRequestInput
	RequestedTerms []struct {
		ID            string
		Configuration struct {
			ConfigurableUpfrontPricingTermConfiguration *agreed.ConfigurableUpfrontPricingTermConfiguration
			RenewalTermConfiguration                    *agreed.RenewalTermConfiguration
			VariablePaymentTermConfiguration            *agreed.VariablePaymentTermConfiguration
		}
	}
}

func (o *order) input() agreement.CreateAgreementRequestInput {
	in := o.CreateAgreementRequestInput
	for _, t := range o.RequestedTerms {
		one := agreed.RequestedTerm{Id: &t.ID}
		switch c := t.Configuration; {
		case c.ConfigurableUpfrontPricingTermConfiguration != nil:
			one.Configuration = &agreed.RequestedTermConfigurationMemberConfigurableUpfrontPricingTermConfiguration{Value: *c.ConfigurableUpfrontPricingTermConfiguration}
		case c.RenewalTermConfiguration != nil:
			one.Configuration = &agreed.RequestedTermConfigurationMemberRenewalTermConfiguration{Value: *c.RenewalTermConfiguration}
		case c.VariablePaymentTermConfiguration != nil:
			one.Configuration = &agreed.RequestedTermConfigurationMemberVariablePaymentTermConfiguration{Value: *c.VariablePaymentTermConfiguration}
		}
		in.RequestedTerms = append(in.RequestedTerms, one)
	}
	return in
}
