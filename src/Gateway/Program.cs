return await Gateway.CommandLine.RunAsync(args);
