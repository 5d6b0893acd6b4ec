module go-reads-stdin-while-a-ticker-runs

go 1.21
