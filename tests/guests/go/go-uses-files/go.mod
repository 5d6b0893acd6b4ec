module go-uses-files

go 1.21
