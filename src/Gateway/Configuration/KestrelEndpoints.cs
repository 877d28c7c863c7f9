namespace Gateway.Configuration;

/// <summary>Checks what Kestrel would find out only when it binds: URLs that it cannot listen on.</summary>
internal static class KestrelEndpoints
{
    private static readonly string[] _forTlsOnly = ["Certificate", "ClientCertificateMode", "Sni", "SslProtocols"];

    public static void Check(Section kestrel)
    {
        foreach (var endpoint in kestrel.Child("Endpoints").Children)
        {
            if (ListenUrl.Fault(endpoint.Text("Url")) is { } fault)
            {
                endpoint.Error("Url", fault, "Write http://*:8080 for all addresses, or http://10.0.0.1:8080 for one.");
            }

            var isPlain = endpoint.Text("Url", "").StartsWith("http:", StringComparison.OrdinalIgnoreCase);
            foreach (var key in _forTlsOnly.Where(key => isPlain && endpoint.Has(key)))
            {
                endpoint.Error(key, "belongs to TLS, and the endpoint's Url is http", "Write https in the Url, or leave it out.");
            }
        }
    }
}
