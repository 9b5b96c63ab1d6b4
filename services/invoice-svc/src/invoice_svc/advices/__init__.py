"""Files and letters in which debtors send remittance advices, each read into what it says a transfer pays."""
