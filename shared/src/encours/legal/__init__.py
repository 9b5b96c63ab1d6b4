"""Late-payment law by country: packs of dated data, and the few shapes that the data takes."""
