using System.Globalization;
using System.Net;

namespace Gateway.Tests.Support;

/// <summary>A real PostgreSQL server on a free loopback port, with a fresh database folder. As root it runs as the user
/// <c>postgres</c>, because it refuses to be root.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-postgres-").FullName;
    private DebianProcess? _process;

    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));

    private static string Programs =>
        Directory.GetDirectories("/usr/lib/postgresql").Order().Select(version => $"{version}/bin").Last();

    /// <summary>Starts a server that asks for a password, or for none.</summary>
    /// <param name="authentication">How pg_hba.conf calls it: <c>md5</c>, or <c>trust</c>, which lets everybody in as
    /// <c>postgres</c>.</param>
    public static async Task<Postgres> StartAsync(string authentication = "md5")
    {
        var postgres = new Postgres();
        await RunAsync("chown", "postgres", postgres._folder);
        await RunAsUserAsync("initdb", "-D", $"{postgres._folder}/data", "--auth=trust", "--username=postgres", "--no-sync");
        await File.WriteAllTextAsync($"{postgres._folder}/data/pg_hba.conf", $"host all all 127.0.0.1/32 {authentication}\n");
        postgres._process = StartAsUser(
            "postgres", "-D", $"{postgres._folder}/data", "-k", postgres._folder, "-h", "127.0.0.1",
            "-p", postgres.EndPoint.Port.ToString(CultureInfo.InvariantCulture), "-F");
        await postgres._process.WaitUntilListeningAsync(postgres.EndPoint);

        // It listens before it serves.
        await Eventually.TrueAsync(
            () => postgres._process.Output.Contains("ready to accept connections", StringComparison.Ordinal), "PostgreSQL is ready");
        return postgres;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The fast way down: sessions are not waited for.
            _process.Signal(PosixSignalNumber.Interrupt);
            await _process.WaitForExitAsync();
            await _process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using var process = DebianProcess.Start(program, arguments);
        await process.WaitForExitAsync();
    }

    private static async Task RunAsUserAsync(string program, params string[] arguments)
    {
        await using var process = StartAsUser(program, arguments);
        Assert.True(await process.WaitForExitAsync() == 0, process.Output);
    }

    private static DebianProcess StartAsUser(string program, params string[] arguments) => Environment.UserName == "root"
        ? DebianProcess.Start(
            "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", $"{Programs}/{program}", .. arguments])
        : DebianProcess.Start($"{Programs}/{program}", arguments);
}
