namespace Gateway.Commands;

/// <summary>The <c>health</c> command: asks a running Gateway how it is, for images that have no <c>curl</c>.</summary>
internal static class HealthCommand
{
    /// <summary>Where Gateway answers unless <c>Telemetry:Listen</c> says otherwise.</summary>
    public static readonly Uri DefaultAddress = new("http://127.0.0.1:9464/healthz");

    /// <summary>Shorter than the container engine's own timeout, so that the reason gets printed.</summary>
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(4);

    /// <summary>Returns the exit code: 0 for a 2xx answer, 1 for any other and for none.</summary>
    public static async Task<int> RunAsync(Uri address)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = _timeout };

        try
        {
            using var response = await client.GetAsync(address);
            if (response.IsSuccessStatusCode)
            {
                return 0;
            }

            await Console.Error.WriteLineAsync($"{address} answered {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{address} did not answer: {e.Message}");
        }

        return 1;
    }
}
