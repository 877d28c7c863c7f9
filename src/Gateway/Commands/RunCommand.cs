using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Http;

namespace Gateway.Commands;

/// <summary>The <c>run</c> command: reads the configuration, runs until told to stop.</summary>
internal static class RunCommand
{
    private const string DefaultFile = "appsettings.json";

    public static async Task<int> RunAsync(string? file, string[] overrides, CancellationToken cancellation)
    {
        using var yarp = new YarpCheck();
        var loader = new ConfigurationLoader(Environment.GetEnvironmentVariables(), overrides, yarp.Check);
        var loaded = loader.Load(file ?? FindFile());
        if (loaded.Configuration is not { } configuration)
        {
            Print(loaded.Errors, Console.Error);
            return CommandLine.BadInput;
        }

        Print(configuration.Warnings, Console.Error);
        return await RunAsync(await GatewayHost.BuildAsync(configuration, loader), cancellation);
    }

    /// <summary>Runs a program until it is told to stop; a listener that cannot be opened is bad input.</summary>
    public static async Task<int> RunAsync(WebApplication app, CancellationToken cancellation)
    {
        await using (app)
        {
            try
            {
                await app.StartAsync(cancellation);
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return CommandLine.BadInput;
            }

            try
            {
                await app.WaitForShutdownAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                // The shutdown timeout passed and what was still open has been cut off: a late end, not a failed one.
            }

            return 0;
        }
    }

    private static string FindFile() =>
        File.Exists(DefaultFile) ? DefaultFile : Path.Combine(AppContext.BaseDirectory, DefaultFile);

    private static void Print(IReadOnlyList<ConfigurationError> errors, TextWriter output)
    {
        foreach (var error in errors)
        {
            output.WriteLine(error);
        }
    }
}
