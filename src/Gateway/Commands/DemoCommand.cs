using System.Text;
using Gateway.Configuration;
using Gateway.Demo;
using Gateway.Http;

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
            using var yarp = new YarpCheck();
            var loader = new ConfigurationLoader(null, overrides, yarp.Check);
            var loaded = loader.Load(json, "demo");
            if (loaded.Configuration is not { } configuration)
            {
                return Refuse(loaded.Errors);
            }

            await using var control = await DemoControl.StartAsync(destinations, DemoConfiguration.ControlPort);
            await Console.Out.WriteLineAsync(WhatToTry);
            return await RunCommand.RunAsync(configuration, loader, cancellation);
        }
        catch (IOException e)
        {
            return Refuse([new ConfigurationError("", null, e.Message.TrimEnd('.'), "Stop what uses the port.")]);
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
          curl -N telnet://127.0.0.1:{DemoConfiguration.TcpPort}            TCP: so does the first line; what you type comes back
          curl -X POST http://127.0.0.1:{DemoConfiguration.ControlPort}/a/stop    stop a: b and c take over, no request fails
          curl -X POST http://127.0.0.1:{DemoConfiguration.ControlPort}/a/start   start it again
          curl http://127.0.0.1:9464/metrics           what Prometheus sees

        Ctrl+C ends it.
        """;

    private static int Refuse(IReadOnlyList<ConfigurationError> errors)
    {
        RunCommand.Print(errors, Console.Error);
        return CommandLine.BadInput;
    }
}
