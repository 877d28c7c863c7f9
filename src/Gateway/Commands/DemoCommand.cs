using System.Text;
using Gateway.Configuration;
using Gateway.Demo;
using Gateway.Hosting;

namespace Gateway.Commands;

/// <summary>The <c>demo</c> command: Gateway in front of three sample destinations, all in this process.</summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(string[] overrides, CancellationToken cancellation)
    {
        SampleDestination[] destinations = [new("a"), new("b"), new("c")];
        try
        {
            foreach (var destination in destinations)
            {
                await destination.StartAsync();
            }

            var json = Encoding.UTF8.GetBytes(DemoConfiguration.Json(destinations));
            var loader = new ConfigurationLoader(arguments: overrides);
            var loaded = loader.Load(json, "demo");
            if (loaded.Configuration is not { } configuration)
            {
                return await RefuseAsync(loaded.Errors);
            }

            await using var control = await DemoControl.StartAsync(destinations, DemoConfiguration.ControlPort);
            await Console.Out.WriteLineAsync(WhatToTry);
            return await RunCommand.RunAsync(await GatewayHost.BuildAsync(configuration), cancellation);
        }
        catch (IOException e)
        {
            return await RefuseAsync([new ConfigurationError("", null, e.Message.TrimEnd('.'), "Stop what uses the port.")]);
        }
        finally
        {
            foreach (var destination in destinations)
            {
                await destination.DisposeAsync();
            }
        }
    }

    private static string WhatToTry =>
        $"""
        Gateway is in front of three sample destinations, a, b and c, of weights 3, 2 and 1 under wrr.

          curl http://127.0.0.1:{DemoConfiguration.HttpPort}/                  HTTP: the answer begins with the destination's name
          curl telnet://127.0.0.1:{DemoConfiguration.TcpPort}            TCP: so does the first line; what you type comes back
          curl -X POST http://127.0.0.1:{DemoConfiguration.ControlPort}/a/stop    stop a: b and c take over, no request fails
          curl -X POST http://127.0.0.1:{DemoConfiguration.ControlPort}/a/start   start it again
          curl http://127.0.0.1:9464/metrics           what Prometheus sees

        Ctrl+C ends it.
        """;

    private static async Task<int> RefuseAsync(IReadOnlyList<ConfigurationError> errors)
    {
        foreach (var error in errors)
        {
            await Console.Error.WriteLineAsync(error.ToString());
        }

        return CommandLine.BadInput;
    }
}
