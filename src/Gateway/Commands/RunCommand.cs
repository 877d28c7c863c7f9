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
        return await RunAsync(configuration, loader, cancellation);
    }

    /// <summary>Runs until told to stop; an address that cannot be listened on is bad input.</summary>
    /// <param name="configuration">What to run.</param>
    /// <param name="loader">Reads the configuration's file again when it changes; null never does.</param>
    /// <param name="cancellation">Ends the run.</param>
    public static async Task<int> RunAsync(
        LoadedConfiguration configuration, ConfigurationLoader? loader, CancellationToken cancellation)
    {
        WebApplication app;
        try
        {
            app = await GatewayHost.BuildAsync(configuration, loader);
        }
        catch (ConfigurationRefusedException e)
        {
            Print(e.Errors, Console.Error);
            return CommandLine.BadInput;
        }

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
            catch (OperationCanceledException)
            {
                // Told to stop before it had started.
                return 0;
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

    /// <summary>The configuration file when none is named.</summary>
    public static string FindFile() =>
        File.Exists(DefaultFile) ? DefaultFile : Path.Combine(AppContext.BaseDirectory, DefaultFile);

    public static void Print(IReadOnlyList<ConfigurationError> errors, TextWriter output)
    {
        foreach (var error in errors)
        {
            output.WriteLine(error);
        }
    }
}
